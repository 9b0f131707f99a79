#include "people/evaluate.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <map>
#include <unordered_map>

#include "base/text.h"
#include "people/csv.h"
#include "people/policy.h"
#include "people/settle.h"

namespace handoff::people {
namespace {

constexpr std::array fixed_probabilities{0.5, 0.95, 0.99};

std::uint64_t pair_key(std::uint32_t a, std::uint32_t b) {
  return (std::uint64_t{std::min(a, b)} << 32) | std::max(a, b);
}

bool across(std::uint32_t a, std::uint32_t b, std::size_t first_of_second) {
  return first_of_second == 0 || (a < first_of_second) != (b < first_of_second);
}

At measure(double p, double right, double found, double expected) {
  At at;
  at.p = p;
  at.precision = found > 0 ? right / found : 1;
  at.recall = expected > 0 ? right / expected : 1;
  at.f1 = at.precision + at.recall > 0 ? 2 * at.precision * at.recall / (at.precision + at.recall) : 0;
  return at;
}

std::vector<std::uint64_t> pairs_of_labels(const Dataset& data) {
  std::unordered_map<std::string, std::vector<std::uint32_t>> groups;
  for (std::uint32_t i = 0; i < data.labels.size(); ++i) {
    if (!data.labels[i].empty()) groups[data.labels[i]].push_back(i);
  }
  std::vector<std::uint64_t> pairs;
  for (const auto& [label, members] : groups) {
    for (std::size_t i = 0; i < members.size(); ++i) {
      for (std::size_t j = i + 1; j < members.size(); ++j) {
        if (across(members[i], members[j], data.first_of_second)) pairs.push_back(pair_key(members[i], members[j]));
      }
    }
  }
  std::sort(pairs.begin(), pairs.end());
  return pairs;
}

double seen_probability(const ScoredPair& pair, const Scorer& scorer) {
  return Scorer::probability(scorer.total_bits(pair.stranger_bits, pair.household_bits));
}

}  // namespace

std::optional<Outcome> outcome_of(std::string_view label) {
  const std::string word = ascii_lower(trim(label));
  if (word.empty()) return std::nullopt;
  if (word == "match" || word == "true" || word == "yes" || word == "y" || word == "same" || word == "certain")
    return Outcome::match;
  if (word.starts_with("possible") || word == "maybe" || word == "review" || word == "probable")
    return Outcome::possible;
  if (word == "none" || word == "no" || word == "n" || word == "false" || word == "no_match" || word == "nomatch" ||
      word == "non-match" || word == "no match" || word == "different" || word == "distinct" || word == "not_match") {
    return Outcome::none;
  }
  double value = 0;
  const auto read = std::from_chars(word.data(), word.data() + word.size(), value);
  if (read.ec != std::errc{} || read.ptr != word.data() + word.size()) return std::nullopt;
  return value > 0.5 ? Outcome::match : value == 0.5 ? Outcome::possible : Outcome::none;
}

Result<Truth> read_pairs(const std::string& path, const Dataset& data, const std::string& data_path,
                         const std::string& second_path) {
  CsvReader reader = HANDOFF_TRY(CsvReader::open(path));
  if (reader.header().size() < 2) {
    return Error{Kind::invalid_input, "people.pairs.columns",
                 "The file of pairs needs two columns of row identifiers and may have a third with the label.", path};
  }
  // A row, and another one of the same identifier where there is one.
  struct Named {
    std::uint32_t row = 0, other = 0;
  };
  std::unordered_map<std::string_view, Named> first, second;
  const std::size_t split = data.first_of_second;
  for (std::uint32_t i = 0; i < data.ids.size(); ++i) {
    const auto [at, fresh] = (split == 0 || i < split ? first : second).emplace(data.ids[i], Named{i, i});
    if (!fresh && at->second.other == at->second.row) at->second.other = i;
  }
  const auto& right_side = split == 0 ? first : second;
  Truth truth;
  // Identifiers of two files may stand in either order.
  const auto find = [&](const std::string& a, const std::string& b) -> std::optional<std::pair<Named, Named>> {
    const auto x = first.find(a);
    const auto y = right_side.find(b);
    if (x != first.end() && y != right_side.end()) return std::pair(x->second, y->second);
    const auto z = first.find(b);
    const auto w = right_side.find(a);
    if (z != first.end() && w != right_side.end()) return std::pair(z->second, w->second);
    return std::nullopt;
  };
  const auto file_of = [&](std::uint32_t i) { return split == 0 || i < split ? data_path : second_path; };
  std::uint64_t first_without_label = 0;
  std::vector<std::string> row;
  // A header is optional here: a first line that names two known rows is a pair.
  auto take = [&](const std::vector<std::string>& fields, std::uint64_t line, bool may_be_header) -> Result<void> {
    const auto rows = find(fields[0], fields[1]);
    if (!rows) {
      if (may_be_header) return {};
      return Error{Kind::invalid_input, "people.pairs.unknown_row",
                   "Line " + std::to_string(line) + " of the pairs names a row that is not in the data.", path};
    }
    for (const Named& named : {rows->first, rows->second}) {
      if (named.other != named.row)
        return repeated_id(file_of(named.row), data.lines[named.row], data.lines[named.other]);
    }
    LabelledPair pair{rows->first.row, rows->second.row, std::nullopt};
    if (fields.size() > 2) {
      pair.label = outcome_of(fields[2]);
      if (!pair.label && !fields[2].empty()) {
        return Error{Kind::invalid_input, "people.pairs.label",
                     "Line " + std::to_string(line) +
                         " of the pairs has a label that is none of match, possible, none or a number from 0 to 1.",
                     path};
      }
      truth.labelled = truth.labelled || pair.label.has_value();
      if (!pair.label && first_without_label == 0) first_without_label = line;
    }
    if (pair.first != pair.second) truth.pairs.push_back(pair);
    return {};
  };
  HANDOFF_TRY(take(reader.header(), 1, true));
  while (HANDOFF_TRY(reader.next(row))) HANDOFF_TRY(take(row, reader.line(), false));
  // Taken for a true pair it would be counted in one figure and left out of another.
  if (truth.labelled && first_without_label > 0) {
    return Error{Kind::invalid_input, "people.pairs.label",
                 "Line " + std::to_string(first_without_label) +
                     " of the pairs has no label, and other lines have one. Label each line, or none of them.",
                 path};
  }
  return truth;
}

Evaluation evaluate(const Dataset& data, const Truth& truth, const Model& model, const EvaluateOptions& options) {
  Evaluation out;
  out.records = data.records.size();
  out.model_version = model.version;
  CountedFrequencies frequencies;
  for (const auto& record : data.records) frequencies.add(record);
  BatchOptions batch_options;
  batch_options.first_of_second = data.first_of_second;
  batch_options.threads = options.threads;
  batch_options.progress = options.progress;
  Batch batch(data.records, batch_options);
  const double persons = static_cast<double>(data.first_of_second != 0 ? data.first_of_second : data.records.size());
  const Scorer first_scorer(model, frequencies, Prior::of_persons(persons));
  auto found = batch.score(first_scorer);
  out.scored_pairs = found.pairs_scored;
  const auto settled = settle(data.records, found.pairs, model, frequencies, data.first_of_second);
  const auto& prior = settled.prior;
  out.prior_odds = prior.match_odds;
  out.household_size = prior.household_size;
  out.noise = settled.model.noise;
  const Scorer scorer(settled.model, frequencies, prior);

  // The true pairs, and, where only listed pairs are judged, all listed ones.
  std::vector<std::uint64_t> expected, judged;
  if (truth.pairs.empty()) {
    expected = pairs_of_labels(data);
  } else {
    for (const auto& pair : truth.pairs) {
      const auto key = pair_key(pair.first, pair.second);
      judged.push_back(key);
      if (!pair.label || *pair.label == Outcome::match) expected.push_back(key);
    }
    const auto tidy = [](std::vector<std::uint64_t>& keys) {
      std::sort(keys.begin(), keys.end());
      keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
    };
    tidy(expected);
    tidy(judged);
  }
  out.true_pairs = expected.size();
  const bool listed_only = truth.labelled;
  const auto is_true = [&](std::uint64_t key) { return std::binary_search(expected.begin(), expected.end(), key); };
  const auto counts = [&](std::uint64_t key) {
    return !listed_only || std::binary_search(judged.begin(), judged.end(), key);
  };

  // True pairs below the keeping threshold were candidates all the same.
  std::uint64_t reached = 0;
  {
    std::vector<std::uint32_t> neighbours;
    std::uint32_t last = ~0U;
    for (const auto key : expected) {
      const auto a = static_cast<std::uint32_t>(key >> 32), b = static_cast<std::uint32_t>(key);
      if (a != last) batch.candidates(a, neighbours);
      last = a;
      reached += std::binary_search(neighbours.begin(), neighbours.end(), b) || batch.is_candidate(b, a) ? 1 : 0;
    }
  }
  out.pairs_completeness = expected.empty() ? 1 : static_cast<double>(reached) / static_cast<double>(expected.size());

  {
    std::vector<std::vector<std::uint64_t>> asked(data.records.size()), kept(data.records.size());
    const auto hashes_of = [](const std::vector<Key>& keys) {
      std::vector<std::uint64_t> hashes;
      for (const auto& key : keys) hashes.push_back(key.hash);
      std::sort(hashes.begin(), hashes.end());
      return hashes;
    };
    const auto finds = [&](std::uint32_t probe, std::uint32_t stored) {
      if (asked[probe].empty()) asked[probe] = hashes_of(probe_keys(data.records[probe]));
      if (kept[stored].empty()) kept[stored] = hashes_of(stored_keys(data.records[stored]));
      return std::any_of(kept[stored].begin(), kept[stored].end(), [&](std::uint64_t hash) {
        return std::binary_search(asked[probe].begin(), asked[probe].end(), hash);
      });
    };
    std::uint64_t found_by_search = 0;
    for (const auto key : expected) {
      const auto a = static_cast<std::uint32_t>(key >> 32), b = static_cast<std::uint32_t>(key);
      found_by_search += finds(a, b) || finds(b, a) ? 1 : 0;
    }
    out.search_completeness =
        expected.empty() ? 1 : static_cast<double>(found_by_search) / static_cast<double>(expected.size());
  }

  struct Judged {
    double p;
    bool right;
  };
  std::vector<Judged> ranked;
  for (const auto& pair : found.pairs) {
    const auto key = pair_key(pair.first, pair.second);
    if (counts(key)) ranked.push_back({seen_probability(pair, scorer), is_true(key)});
  }
  std::sort(ranked.begin(), ranked.end(), [](const auto& a, const auto& b) { return a.p > b.p; });
  const auto total = static_cast<double>(expected.size());
  for (const double p : fixed_probabilities) {
    double right = 0, all = 0;
    for (const auto& one : ranked) {
      if (one.p < p) break;
      all += 1;
      right += one.right ? 1 : 0;
    }
    out.at.push_back(measure(p, right, all, total));
  }
  double right = 0;
  for (std::size_t i = 0; i < ranked.size(); ++i) {
    right += ranked[i].right ? 1 : 0;
    if (i + 1 < ranked.size() && ranked[i + 1].p == ranked[i].p) continue;
    const auto at = measure(ranked[i].p, right, static_cast<double>(i + 1), total);
    if (at.f1 > out.best.f1) out.best = at;
  }

  ClusterOptions cluster_options;
  cluster_options.from_probability = options.clustered_p;
  // The guards ask a person; what is measured here is what the score alone would join.
  cluster_options.guards = false;
  const auto clusters = cluster(data.records, found.pairs, scorer, frequencies, cluster_options);
  {
    std::vector<std::vector<std::uint32_t>> members(clusters.count);
    for (std::uint32_t i = 0; i < clusters.of.size(); ++i) members[clusters.of[i]].push_back(i);
    double joined = 0, joined_right = 0;
    for (const auto& group : members) {
      for (std::size_t i = 0; i < group.size(); ++i) {
        for (std::size_t j = i + 1; j < group.size(); ++j) {
          const auto key = pair_key(group[i], group[j]);
          if (!across(group[i], group[j], data.first_of_second) || !counts(key)) continue;
          joined += 1;
          joined_right += is_true(key) ? 1 : 0;
        }
      }
    }
    out.clustered = measure(options.clustered_p, joined_right, joined, total);
  }

  // Each record as a probe against all others.
  if (!listed_only) {
    struct Best {
      float bits = -1e9F;
      bool right = false, certain = false;
    };
    std::vector<Best> best(data.records.size());
    std::vector<bool> has_partner(data.records.size());
    for (const auto key : expected) has_partner[key >> 32] = has_partner[static_cast<std::uint32_t>(key)] = true;
    for (const auto& pair : found.pairs) {
      const bool pair_right = is_true(pair_key(pair.first, pair.second));
      for (const auto probe : {pair.first, pair.second}) {
        auto& slot = best[probe];
        const auto bits = static_cast<float>(scorer.total_bits(pair.stranger_bits, pair.household_bits));
        if (bits > slot.bits) slot.bits = bits, slot.right = pair_right;
        const auto other = probe == pair.first ? pair.second : pair.first;
        if (has_partner[probe] || slot.certain || seen_probability(pair, scorer) < model.policy.certain) continue;
        slot.certain = assess(scorer, frequencies, data.records[probe], data.records[other]).grade == Grade::certain;
      }
    }
    double with_partner = 0, first_right = 0, false_links = 0;
    for (std::size_t i = 0; i < best.size(); ++i) {
      if (data.first_of_second != 0 && i >= data.first_of_second) break;
      if (has_partner[i]) {
        with_partner += 1;
        first_right += best[i].right ? 1 : 0;
      } else {
        ++out.lonely_records;
        false_links += best[i].certain ? 1 : 0;
      }
    }
    out.right_first = with_partner > 0 ? first_right / with_partner : 1;
    out.false_links_per_thousand =
        out.lonely_records > 0 ? 1000 * false_links / static_cast<double>(out.lonely_records) : 0;
  }

  if (truth.labelled) {
    out.outcomes.emplace();
    for (const auto& pair : truth.pairs) {
      if (!pair.label) continue;
      const auto grade = assess(scorer, frequencies, data.records[pair.first], data.records[pair.second]).grade;
      const auto said = grade == Grade::certain                                ? Outcome::match
                        : grade == Grade::probable || grade == Grade::possible ? Outcome::possible
                                                                               : Outcome::none;
      ++(*out.outcomes)[static_cast<std::size_t>(*pair.label)][static_cast<std::size_t>(said)];
    }
  }
  return out;
}

Json Evaluation::to_json() const {
  const auto rounded = [](double value) { return Json(std::round(value * 1e6) / 1e6); };
  const auto at_json = [&](const At& at) {
    return Json::object({{"p", rounded(at.p)},
                         {"precision", rounded(at.precision)},
                         {"recall", rounded(at.recall)},
                         {"f1", rounded(at.f1)}});
  };
  Json levels = Json::array();
  for (const auto& one : at) levels.push_back(at_json(one));
  Json json = Json::object({{"records", static_cast<std::int64_t>(records)},
                            {"truePairs", static_cast<std::int64_t>(true_pairs)},
                            {"scoredPairs", static_cast<std::int64_t>(scored_pairs)},
                            {"pairsCompleteness", rounded(pairs_completeness)},
                            {"searchCompleteness", rounded(search_completeness)},
                            {"at", std::move(levels)},
                            {"best", Json::object({{"p", rounded(best.p)}, {"f1", rounded(best.f1)}})},
                            {"clustered", at_json(clustered)},
                            {"rightFirst", rounded(right_first)},
                            {"lonelyRecords", static_cast<std::int64_t>(lonely_records)},
                            {"falseLinksPerThousand", rounded(false_links_per_thousand)}});
  if (outcomes) {
    constexpr std::array<const char*, 3> names{"match", "possible", "none"};
    Json shares = Json::object(), table = Json::object();
    std::uint64_t right = 0, all = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      std::uint64_t row = 0;
      Json columns = Json::object();
      for (std::size_t j = 0; j < 3; ++j) {
        row += (*outcomes)[i][j];
        columns.set(names[j], static_cast<std::int64_t>((*outcomes)[i][j]));
      }
      right += (*outcomes)[i][i];
      all += row;
      shares.set(names[i],
                 row > 0 ? rounded(static_cast<double>((*outcomes)[i][i]) / static_cast<double>(row)) : Json());
      table.set(names[i], std::move(columns));
    }
    shares.set("right", all > 0 ? rounded(static_cast<double>(right) / static_cast<double>(all)) : Json());
    json.set("outcomes", std::move(shares));
    json.set("outcomeTable", std::move(table));
  }
  json.set("priorOdds", Json(prior_odds));
  json.set("householdSize", rounded(household_size));
  json.set("noise", Json::object({{"names", rounded(noise[0])},
                                  {"birth", rounded(noise[1])},
                                  {"contact", rounded(noise[2])},
                                  {"place", rounded(noise[3])}}));
  json.set("modelVersion", model_version);
  json.set("seconds", rounded(seconds));
  return json;
}

}  // namespace handoff::people
