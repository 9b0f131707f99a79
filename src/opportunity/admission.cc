#include "opportunity/admission.h"

#include <algorithm>

namespace handoff::opportunity {
namespace {

using referral::Category;

Json short_registrant(const Json& from) {
  return Json::object(
      {{"firstName", from["firstName"]}, {"lastName", from["lastName"]}, {"birthDate", from["birthDate"]}});
}

Told told_by(const Json& registrant) {
  Told told;
  told.first_name = registrant["firstName"].text_or();
  told.last_name = registrant["lastName"].text_or();
  told.birth_date = registrant["birthDate"].text_or();
  if (registrant["identifiers"].is_array()) {
    // A sender does not say which kind of identifier it names, so each is looked for as both.
    for (const Json& each : registrant["identifiers"].items()) {
      told.identifiers.push_back(each["value"].text_or());
      told.record_numbers.push_back(each["value"].text_or());
    }
  }
  return told;
}

bool share_identifier(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  return std::any_of(a.begin(), a.end(), [&](const std::string& key) {
    return is_identifier_key(key) && std::find(b.begin(), b.end(), key) != b.end();
  });
}

void add_keys(std::vector<std::string>& into, const std::vector<std::string>& more) {
  for (const auto& key : more) {
    if (std::find(into.begin(), into.end(), key) == into.end()) into.push_back(key);
  }
}

// The one opportunity that is surely, or else probably, meant; what may be meant stands in `possible`.
struct Found {
  std::optional<IntakeOpportunity> opportunity;
  LinkBasis basis = LinkBasis::none;
  std::vector<IntakeOpportunityId> possible;
};

// Only what was named is sure: a person may well be accepted twice, and two may look alike.
bool needs_review(const Found& found) {
  return found.basis == LinkBasis::name || found.basis == LinkBasis::person || !found.possible.empty();
}

template <class Fits>
Found find(Unit& unit, const OrganizationId& organization, const std::vector<std::string>& keys,
           const std::optional<PersonId>& person, bool person_in_review, Fits fits) {
  Found found;
  std::vector<const IntakeOpportunity*> likely;
  for (const IntakeOpportunity* each : unit.like(organization, keys, person)) {
    if (fits(*each)) likely.push_back(each);
  }
  const auto only = [&](auto wanted) -> const IntakeOpportunity* {
    const IntakeOpportunity* one = nullptr;
    for (const IntakeOpportunity* each : likely) {
      if (!wanted(*each)) continue;
      if (one) return nullptr;
      one = each;
    }
    return one;
  };
  const IntakeOpportunity* one = only([&](const auto& each) { return share_identifier(all_keys(each), keys); });
  found.basis = LinkBasis::identifier;
  if (!one && person && !person_in_review) {
    one = only([&](const auto& each) { return each.person == person && !each.person_in_review; });
    found.basis = LinkBasis::person;
  }
  if (!one && likely.size() == 1) {
    one = likely.front();
    found.basis = LinkBasis::name;
  }
  if (one) {
    found.opportunity = *one;
    return found;
  }
  found.basis = LinkBasis::none;
  for (const IntakeOpportunity* each : likely) found.possible.push_back(each->id);
  return found;
}

IntakeOpportunity make(referral::Unit& unit, const OrganizationId& organization) {
  IntakeOpportunity o;
  o.id = IntakeOpportunityId::make(unit.now(), unit.random());
  o.organization = organization;
  o.created_at = unit.now();
  return o;
}

void save(referral::Unit& unit, IntakeOpportunity o, const char* action) {
  o.version += 1;
  o.updated_at = unit.now();
  unit.audit(o.organization, action, "intake_opportunity", o.id.text(),
             Json::object({{"version", o.version}, {"basis", word(o.basis)}}));
  part_of<Unit>(unit).save(o);
}

Error no_such_opportunity() {
  return Error{
      Kind::not_found, "opportunity.not_found", "There is no such intake opportunity for this organization.", {}, {}};
}

bool is_accepted(const referral::Referral& r) {
  if (!r.category) return false;
  return *r.category == Category::accepted || *r.category == Category::in_progress ||
         *r.category == Category::completed;
}

void recognize(IntakeOpportunity& o, const std::optional<PersonId>& person, bool in_review) {
  if (!person) return;
  if (o.person != person) o.home = person;
  o.person = person;
  o.person_in_review = in_review;
}

// Referral, listing and name of `from` go over to `into`.
void take_referral(IntakeOpportunity& into, const IntakeOpportunity& from) {
  into.referral = from.referral;
  into.listing = from.listing;
  into.source = Source::referral;
  into.source_name = from.source_name;
  if (!into.person) {
    recognize(into, from.person, from.person_in_review);
    into.home = from.home;
  }
  add_keys(into.referral_keys, from.referral_keys);
}

}  // namespace

void follow_referral(referral::Unit& unit, const referral::Referral* before, const referral::Referral& after) {
  if (!after.receiver || !after.listing || after.test || !is_accepted(after)) return;
  if (before && is_accepted(*before) && before->listing == after.listing) return;
  const directory::Listing* listing = unit.listing(*after.listing);
  if (!listing || !listing->admission) return;
  Unit& opportunities = part_of<Unit>(unit);
  const OrganizationId& organization = *after.receiver;
  if (opportunities.of_referral(organization, after.id)) return;
  const Json& registrant = after.content.reveal()["registrant"];
  const auto keys = match_keys(told_by(registrant));
  Found found = find(opportunities, organization, keys, after.person, after.person_in_review, [](const auto& each) {
    return !each.referral && each.stage != Stage::discharged && each.stage != Stage::closed;
  });
  IntakeOpportunity o = found.opportunity ? *std::move(found.opportunity) : make(unit, organization);
  const bool fresh = o.version == 0;
  o.source = Source::referral;
  o.source_name = after.source_name;
  o.referral = after.id;
  o.listing = after.listing;
  o.basis = found.basis;
  o.in_review = needs_review(found);
  o.possible = std::move(found.possible);
  recognize(o, after.person, after.person_in_review);
  if (fresh) o.registrant = Private(short_registrant(registrant));
  o.referral_keys = keys;
  save(unit, std::move(o), fresh ? "opportunity.create" : "opportunity.link_referral");
}

IntakeOpportunityId follow_chart(referral::Unit& unit, const OrganizationId& organization, const ChartFacts& facts) {
  Unit& opportunities = part_of<Unit>(unit);
  Told told = told_by(facts.registrant.reveal());
  told.identifiers = facts.identifiers;
  told.record_numbers = facts.record_numbers;
  const auto keys = match_keys(told);
  const Json registrant = short_registrant(facts.registrant.reveal());
  if (const IntakeOpportunity* standing = opportunities.of_chart(organization, facts.key)) {
    IntakeOpportunity next = *standing;
    next.stage = facts.stage;
    next.registrant = Private(registrant);
    recognize(next, facts.person, facts.person_in_review);
    next.chart_keys = keys;
    const bool same = next.stage == standing->stage && next.registrant == standing->registrant &&
                      next.person == standing->person && next.person_in_review == standing->person_in_review &&
                      next.chart_keys == standing->chart_keys;
    const IntakeOpportunityId id = next.id;
    if (!same) save(unit, std::move(next), "opportunity.follow_chart");
    return id;
  }
  // A stay that has ended joins nothing: whoever was accepted since is accepted for another stay.
  const bool ended = facts.stage == Stage::discharged || facts.stage == Stage::closed;
  Found found;
  if (!ended) {
    found = find(opportunities, organization, keys, facts.person, facts.person_in_review,
                 [](const auto& each) { return !each.chart && each.stage == Stage::accepted; });
  }
  IntakeOpportunity o = found.opportunity ? *std::move(found.opportunity) : make(unit, organization);
  const bool fresh = o.version == 0;
  if (fresh) {
    o.source = Source::emr;
    o.source_name = facts.connection_name;
  }
  o.chart = facts.key;
  o.stage = facts.stage;
  o.basis = found.basis;
  o.in_review = needs_review(found);
  o.possible = std::move(found.possible);
  o.registrant = Private(registrant);
  recognize(o, facts.person, facts.person_in_review);
  o.chart_keys = keys;
  const IntakeOpportunityId id = o.id;
  save(unit, std::move(o), fresh ? "opportunity.create" : "opportunity.link_chart");
  return id;
}

namespace {

Error nothing_to_review() {
  return Error{Kind::conflict,
               "opportunity.nothing_to_review",
               "Nothing about this intake opportunity awaits a decision; link.inReview says so.",
               {},
               {}};
}

}  // namespace

Result<void> confirm_link(referral::Unit& unit, const IntakeOpportunityId& id) {
  const IntakeOpportunity* standing = part_of<Unit>(unit).opportunity(id);
  if (!standing) return no_such_opportunity();
  if (!standing->in_review) return nothing_to_review();
  IntakeOpportunity next = *standing;
  next.in_review = false;
  next.possible.clear();
  if (next.basis == LinkBasis::name || next.basis == LinkBasis::person) next.basis = LinkBasis::hand;
  save(unit, std::move(next), "opportunity.confirm_link");
  return {};
}

Result<IntakeOpportunityId> separate_link(referral::Unit& unit, const IntakeOpportunityId& id) {
  const IntakeOpportunity* standing = part_of<Unit>(unit).opportunity(id);
  if (!standing) return no_such_opportunity();
  if (!standing->referral || !standing->chart || standing->basis == LinkBasis::identifier) return nothing_to_review();
  IntakeOpportunity of_chart = make(unit, standing->organization);
  of_chart.source = Source::emr;
  of_chart.stage = standing->stage;
  of_chart.chart = standing->chart;
  of_chart.registrant = standing->registrant;
  of_chart.basis = LinkBasis::hand;
  of_chart.chart_keys = standing->chart_keys;
  IntakeOpportunity of_referral = *standing;
  of_referral.chart.reset();
  of_referral.chart_keys.clear();
  of_referral.stage = Stage::accepted;
  of_referral.basis = LinkBasis::none;
  of_referral.in_review = false;
  of_referral.possible.clear();
  const IntakeOpportunityId made = of_chart.id;
  save(unit, std::move(of_referral), "opportunity.separate_link");
  save(unit, std::move(of_chart), "opportunity.create");
  return made;
}

Result<void> join(referral::Unit& unit, const IntakeOpportunityId& id, const IntakeOpportunityId& other_id) {
  const IntakeOpportunity* standing = part_of<Unit>(unit).opportunity(id);
  if (!standing) return no_such_opportunity();
  IntakeOpportunity into = *standing;
  const IntakeOpportunity* other = part_of<Unit>(unit).opportunity(other_id);
  if (!other) return no_such_opportunity();
  IntakeOpportunity from = *other;
  const bool takes_chart = into.referral && !into.chart && from.chart && !from.referral;
  const bool takes_referral = into.chart && !into.referral && from.referral && !from.chart;
  if (id == other_id || (!takes_chart && !takes_referral)) {
    return Error{Kind::conflict,
                 "opportunity.cannot_be_joined",
                 "Only an opportunity that has just a referral and one that has just a chart can be joined.",
                 {},
                 {}};
  }
  if (takes_chart) {
    into.chart = from.chart;
    into.stage = from.stage;
    into.registrant = from.registrant;
    into.chart_keys = from.chart_keys;
    from.chart.reset();
  } else {
    take_referral(into, from);
    from.referral.reset();
  }
  into.basis = LinkBasis::hand;
  into.in_review = false;
  into.possible.clear();
  // The emptied one stays as a record of what was said, and is found by nothing.
  from.stage = Stage::closed;
  from.referral_keys.clear();
  from.chart_keys.clear();
  from.in_review = false;
  from.possible = {into.id};
  save(unit, std::move(from), "opportunity.close");
  save(unit, std::move(into), "opportunity.join");
  return {};
}

void Follow::follow(referral::Unit& unit, const referral::Referral* before, const referral::Referral& after,
                    std::span<const referral::Event> events) {
  next_.follow(unit, before, after, events);
  follow_referral(unit, before, after);
}

}  // namespace handoff::opportunity
