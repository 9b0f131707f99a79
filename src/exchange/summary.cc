#include "exchange/summary.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "exchange/summary_fonts.h"
#include "exchange/summary_page.h"

namespace handoff::exchange {
namespace {

using referral::Datum;
using referral::Snapshot;

constexpr const char* between = " · ";
constexpr std::size_t appointments_in_head_max = 3;
// What is there to be looked up, not to be read first.
constexpr std::array minor{"source", "createdAt", "updatedAt", "version", "id", "routedFromId", "routedToIds"};

std::string text_of(const Snapshot& snapshot, std::string_view path) {
  const auto text = referral::value_at(snapshot, path);
  return text ? std::string(trim(text->reveal())) : std::string();
}

const Datum* find(const std::vector<Datum>& data, std::string_view path) {
  const auto found = std::find_if(data.begin(), data.end(), [&](const Datum& datum) { return datum.path == path; });
  return found == data.end() ? nullptr : &*found;
}

std::string joined(std::initializer_list<std::string> parts, std::string_view separator) {
  std::vector<std::string> present;
  std::copy_if(parts.begin(), parts.end(), std::back_inserter(present),
               [](const std::string& part) { return !part.empty(); });
  return join(present, separator);
}

// Who it is and when they come, for a reader with ten seconds. Everything here stands again under its label.
std::vector<std::string> head_facts(const Snapshot& snapshot, const std::vector<Datum>& data) {
  const auto shown = [&](std::string_view path) {
    const Datum* datum = find(data, path);
    return datum ? std::string(trim(datum->value.reveal())) : std::string();
  };
  std::string born = shown("registrant.birthDate");
  if (!born.empty()) born = "Born " + born;
  std::vector<std::string> facts{
      joined({born, shown("registrant.gender"), shown("registrant.preferredLanguage"), shown("registrant.phones.main")},
             between)};
  // By their time and all alike: which of them is the next one depends on the day of reading, and the summary of one
  // version is the same on every day.
  const auto& appointments = snapshot.referral.appointments;
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < appointments.size(); ++i) order.push_back(i);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return appointments[a].start < appointments[b].start; });
  for (std::size_t i = 0; i < std::min(order.size(), appointments_in_head_max); ++i) {
    const std::string path = "appointments." + std::to_string(order[i]);
    facts.push_back(
        "Appointment " +
        joined({shown(path + ".start"), shown(path + ".providerName"), shown(path + ".location")}, between));
  }
  if (order.size() > appointments_in_head_max) {
    facts.push_back(std::to_string(order.size() - appointments_in_head_max) + " more under Appointments");
  }
  std::erase_if(facts, [](const std::string& fact) { return fact.empty(); });
  return facts;
}

}  // namespace

Result<std::string> render_summary(const Snapshot& snapshot) {
  const std::vector<Datum> data = referral::all_data(snapshot);
  const std::string& number = snapshot.referral.number;
  const std::string name =
      joined({text_of(snapshot, "registrant.firstName"), text_of(snapshot, "registrant.middleName"),
              text_of(snapshot, "registrant.lastName")},
             " ");
  std::string born = text_of(snapshot, "registrant.birthDate");
  if (!born.empty()) born = "born " + born;

  PageFrame frame;
  frame.title = "Referral Summary " + number;
  frame.running_number = number;
  frame.running_name = joined({name, born}, between);
  frame.footer = joined(
      {"Confidential: personal health information", number, "Version " + std::to_string(snapshot.referral.version),
       "Summary format " + std::to_string(summary_version)},
      between);
  if (snapshot.referral.test) frame.banner = "TEST REFERRAL – not about a real person";
  frame.changed_at = snapshot.referral.updated_at;

  // Taken before the pages are made, so that it is given back after they are gone.
  const DrawingTurn turn = HANDOFF_TRY(wait_for_drawing_turn());
  PageComposer pages(turn.fonts(), std::move(frame));
  pages.title("REFERRAL SUMMARY", number, name.empty() ? "Name not given" : name, head_facts(snapshot, data));
  const std::string& first_section = data.front().section;
  const std::string priority = text_of(snapshot, "priority");
  std::vector<Cell> cells;
  for (const Datum& datum : data) {
    if (datum.section != first_section) continue;
    Cell::Weight weight = Cell::Weight::normal;
    if (datum.path == "cancellationRequested" || (datum.path == "priority" && priority != "routine")) {
      weight = Cell::Weight::urgent;
    } else if (std::find(minor.begin(), minor.end(), datum.path) != minor.end()) {
      weight = Cell::Weight::minor;
    }
    cells.push_back({datum.label, datum.value.reveal(), weight});
  }
  pages.panel(cells);
  std::string section = first_section;
  for (const Datum& datum : data) {
    if (datum.section == first_section) continue;
    if (datum.section != section) pages.heading(section = datum.section);
    pages.row(datum.label, datum.value.reveal());
  }
  return pages.write();
}

}  // namespace handoff::exchange
