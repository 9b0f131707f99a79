#include "people/model.h"

#include <algorithm>
#include <cmath>

namespace handoff::people {
namespace {

constexpr std::string_view format_name = "handoff-match-model/1";

constexpr const char* standard_text =
#include "people/default_model.json.inc"
    ;

Error bad_model(std::string why) {
  return Error{Kind::invalid_input, "people.model.invalid", "This is not a matching model of this release: " + why,
               why};
}

// Joins neighbours until the ratios fall, each block taking the mean weighted by how often it is seen (pool adjacent
// violators). Small training sets otherwise make a slip of the pen count for more than the same name.
template <class Ratio>
void force_falling(std::array<float, level_max + 1>& bits, std::size_t size, Ratio weight) {
  struct Block {
    double sum, mass;
    std::size_t count;
  };
  std::vector<Block> blocks;
  for (std::size_t i = 1; i <= size; ++i) {
    const double mass = weight(i - 1);
    blocks.push_back({bits[i] * mass, mass, 1});
    while (blocks.size() > 1) {
      auto& last = blocks.back();
      auto& before = blocks[blocks.size() - 2];
      if (last.sum / last.mass <= before.sum / before.mass) break;
      before = {before.sum + last.sum, before.mass + last.mass, before.count + last.count};
      blocks.pop_back();
    }
  }
  std::size_t at = 1;
  for (const auto& block : blocks) {
    for (std::size_t i = 0; i < block.count; ++i) bits[at++] = static_cast<float>(block.sum / block.mass);
  }
}

}  // namespace

NoiseGroup noise_group_of(std::size_t ladder) {
  const auto field = static_cast<Field>(ladder);
  if (field == Field::birth) return NoiseGroup::birth;
  if (field == Field::phone || field == Field::email || field == Field::identifier) return NoiseGroup::contact;
  return field >= Field::address && field <= Field::region ? NoiseGroup::place : NoiseGroup::names;
}

void Model::prepare() {
  for (std::size_t ladder = 0; ladder < ladder_count; ++ladder) {
    const double share = noise[static_cast<std::size_t>(noise_group_of(ladder))];
    for (auto& level : weights[ladder]) level.match = (1 - share) * level.clean + share * level.noisy;
  }
  for (std::size_t f = 0; f < field_count; ++f) {
    const std::size_t ladder = ladder_of(static_cast<Field>(f));
    const std::size_t size = ladders()[ladder].size();
    auto& stranger = stranger_bits[f];
    auto& household = household_bits[f];
    stranger.fill(0);
    household.fill(0);
    for (std::size_t i = 0; i < size; ++i) {
      const auto& level = weights[ladder][i];
      stranger[i + 1] = static_cast<float>(std::log2(level.match / level.stranger));
      household[i + 1] = static_cast<float>(std::log2(level.match / level.household));
    }
    const auto seen = [&](std::size_t i) { return weights[ladder][i].match + 1e-4; };
    force_falling(stranger, size, seen);
    force_falling(household, size, seen);
    // To agree is never worse than to say nothing, even where relatives agree as often as records of one person.
    stranger[1] = std::max(stranger[1], 0.0F);
    household[1] = std::max(household[1], 0.0F);
  }
}

Result<Model> Model::parse(std::string_view text) {
  const auto parsed = Json::parse(text);
  if (!parsed) return bad_model("it is not valid JSON.");
  const Json& json = *parsed;
  if (json["format"].text_or() != format_name) return bad_model("`format` is not " + std::string(format_name) + ".");
  Model model;
  model.version = json["version"].text_or();
  if (model.version.empty()) return bad_model("`version` is missing.");
  const auto number = [&](const Json& from, std::string_view key, double& into, double low, double high) {
    const auto value = from[key].real();
    if (!value || !(*value >= low) || !(*value <= high)) return false;
    into = *value;
    return true;
  };
  const Json& policy = json["policy"];
  if (!number(policy, "certain", model.policy.certain, 0.5, 1) ||
      !number(policy, "probable", model.policy.probable, 0, 1) ||
      !number(policy, "review", model.policy.review, 0, 1) ||
      !number(policy, "marginBits", model.policy.margin_bits, 0, 60) ||
      !number(policy, "clusters", model.policy.clusters, 0, 1)) {
    return bad_model("`policy` is not complete.");
  }
  if (model.policy.review > model.policy.probable || model.policy.probable > model.policy.certain) {
    return bad_model("the thresholds of `policy` must rise: review, probable, certain.");
  }
  if (!number(json, "householdSize", model.household_size, 0, 1000) ||
      !number(json, "frequencyBitsMax", model.frequency_bits_max, 0, 40)) {
    return bad_model("`householdSize` or `frequencyBitsMax` is missing.");
  }
  double mixed = 0;
  if (!number(json, "noise", mixed, 0, 1)) return bad_model("`noise` is missing.");
  model.noise.fill(mixed);
  for (std::size_t ladder = 0; ladder < ladder_count; ++ladder) {
    const auto& names = ladders()[ladder];
    const Json& levels = json["fields"][names.field];
    for (std::size_t i = 0; i < names.size(); ++i) {
      const Json& level = levels[names.levels[i]];
      auto& into = model.weights[ladder][i];
      if (!number(level, "clean", into.clean, 1e-12, 1) || !number(level, "noisy", into.noisy, 1e-12, 1) ||
          !number(level, "stranger", into.stranger, 1e-12, 1) ||
          !number(level, "household", into.household, 1e-12, 1)) {
        return bad_model("level `" + std::string(names.levels[i]) + "` of `" + std::string(names.field) +
                         "` needs clean, noisy, stranger and household between 0 and 1.");
      }
    }
    if (levels.size() != names.size())
      return bad_model("`" + std::string(names.field) + "` has a level this release does not know.");
  }
  model.prepare();
  return model;
}

Json Model::to_json() const {
  // Four significant digits: more would pretend to a precision the training does not have.
  const auto rounded = [](double value) {
    const double scale = std::pow(10.0, 3 - std::floor(std::log10(value)));
    return std::round(value * scale) / scale;
  };
  Json fields = Json::object();
  for (std::size_t ladder = 0; ladder < ladder_count; ++ladder) {
    const auto& names = ladders()[ladder];
    Json levels = Json::object();
    for (std::size_t i = 0; i < names.size(); ++i) {
      const auto& level = weights[ladder][i];
      levels.set(names.levels[i], Json::object({{"clean", rounded(level.clean)},
                                                {"noisy", rounded(level.noisy)},
                                                {"stranger", rounded(level.stranger)},
                                                {"household", rounded(level.household)}}));
    }
    fields.set(names.field, std::move(levels));
  }
  return Json::object({{"format", format_name},
                       {"version", version},
                       {"lexicon", lexicon_version},
                       {"policy", Json::object({{"certain", policy.certain},
                                                {"probable", policy.probable},
                                                {"review", policy.review},
                                                {"marginBits", policy.margin_bits},
                                                {"clusters", policy.clusters}})},
                       {"householdSize", household_size},
                       {"frequencyBitsMax", frequency_bits_max},
                       {"noise", noise.front()},
                       {"fields", std::move(fields)}});
}

const Model& Model::standard() {
  static const Model model = [] {
    auto parsed = parse(standard_text);
    HANDOFF_ASSERT(parsed.has_value());
    return std::move(parsed).value();
  }();
  return model;
}

}  // namespace handoff::people
