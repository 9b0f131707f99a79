// What the sandbox EMR knows: charts, contacts and locations in memory, and the acts of staff on them. Not locked; the
// sandbox holds its mutex around every call.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/json.h"
#include "base/random.h"
#include "base/result.h"
#include "base/time.h"

namespace handoff::sandbox {

// A chart as it stood after one change. Never altered once made.
struct KipuVersion {
  Json fields = Json::object();  // wire keys; what was never told is absent
  Instant updated_at;
  std::int64_t episode = 1;           // counts the stays of this casefile
  std::optional<Instant> deleted_at;  // in the vault since
};
// Shared, because the newest version and the one that readers see are mostly the same, and there may be many charts.
using KipuVersionPointer = std::shared_ptr<const KipuVersion>;

struct KipuChart {
  std::int64_t patient_id = 0;  // left of the colon
  std::string master_id;        // right of it: the person, over all casefiles
  Instant created_at;
  KipuVersionPointer newest;  // what staff see
  KipuVersionPointer seen;    // what the API answers; null while the first change is not committed
  struct Waiting {
    std::chrono::milliseconds visible_at;
    KipuVersionPointer version;
  };
  std::deque<Waiting> waiting;
  Json program_history = Json::array();
  Json care_team = Json::array();
  Json consents = Json::array();
  Json evaluations = Json::array();
  Json appointments = Json::array();
  Json attachments = Json::array();

  std::string casefile_id() const { return std::to_string(patient_id) + ":" + master_id; }
  std::int64_t episode_id(const KipuVersion& version) const { return patient_id * 100 + version.episode; }
};

enum class KipuEvent { patient_creation, chart_update };

// A change that the hooks of the EMR tell about.
struct KipuChange {
  KipuEvent event;
  std::int64_t patient_id;
  std::string master_id;
  Instant occurred_at;
  std::chrono::milliseconds visible_at;  // nothing is told before it is committed
};

// When an act happens: the time of the EMR, and the time gone by that commits are counted in.
struct KipuMoment {
  Instant now;
  std::chrono::milliseconds elapsed;
};

class KipuClinic {
 public:
  explicit KipuClinic(Random& random);  // outlives this

  // `given` has the keys of the control plane (firstName, …). Errors name the key at fault.
  Result<const KipuChart*> create(const Json& given, KipuMoment at);
  Result<void> edit(KipuChart& chart, const Json& given, KipuMoment at);
  // {date, dischargeTo?, dischargeToContactId?, type?, typeCode?}
  Result<void> discharge(KipuChart& chart, const Json& given, KipuMoment at);
  Result<void> undo_discharge(KipuChart& chart, KipuMoment at);
  // {date?, mrNumber?, newCasefile?} and what else changes: the chart of the new stay.
  Result<const KipuChart*> readmit(KipuChart& chart, const Json& given, KipuMoment at);
  // {locationId?, newCasefile?}: the chart at the other location, the next one where none is told.
  Result<const KipuChart*> transfer(KipuChart& chart, const Json& given, KipuMoment at);
  Result<void> remove(KipuChart& chart, KipuMoment at);
  // One entry of what hangs on a chart: "care-team", "consents", "evaluations", "appointments". Wire keys.
  Result<std::int64_t> add(KipuChart& chart, std::string_view list, Json entry, KipuMoment at);
  void attach(KipuChart& chart, Json attachments, KipuMoment at);
  // Invented people, the same for the same random.
  Result<void> seed(std::int64_t count, KipuMoment at);

  std::int64_t add_contact(Json fields);  // wire keys; always a new one, names may repeat
  bool edit_contact(std::int64_t id, const Json& fields);
  Result<std::int64_t> add_location(std::string name);

  // The next `count` changes are seen by readers only so long after their timestamp.
  void commit_late(std::chrono::milliseconds by, std::int64_t count);
  std::int64_t late_count() const { return late_count_; }
  std::chrono::milliseconds late_by() const { return late_by_; }
  // Another number after each change that readers can see.
  std::uint64_t revision() const { return revision_; }
  // Lets readers see what is committed by now.
  void settle(std::chrono::milliseconds elapsed);
  std::vector<KipuChange> take_changes();

  KipuChart* find(std::string_view casefile_id);
  KipuChart* find(std::int64_t patient_id);
  const std::deque<KipuChart>& charts() const { return charts_; }
  const std::vector<Json>& contacts() const { return contacts_; }
  const std::vector<Json>& locations() const { return locations_; }

 private:
  KipuChart& open_chart(std::string master_id, Instant at);
  Result<void> apply(const Json& given, Json& fields);
  Result<void> apply_destination(const Json& given, Json& fields);
  void record(KipuChart& chart, KipuVersion version, KipuMoment at, KipuEvent event);
  const Json* contact(std::int64_t id) const;
  const Json* location(std::int64_t id) const;
  std::string uuid();

  Random& random_;
  std::deque<KipuChart> charts_;  // in order of creation; never removed, so that their places stay
  std::unordered_map<std::int64_t, std::size_t> by_patient_id_;
  std::vector<std::int64_t> unsettled_;
  std::vector<Json> contacts_;
  std::vector<Json> locations_;
  std::vector<KipuChange> changes_;
  std::uint64_t revision_ = 0;
  std::int64_t last_entry_id_ = 0;
  std::chrono::milliseconds late_by_{0};
  std::int64_t late_count_ = 0;
};

// The wire key of a key of the control plane ("firstName" is "first_name"); nothing where there is none.
std::optional<std::string> kipu_wire_key(std::string_view control_key);

// How much of a person an answer tells.
enum class KipuPhi { low, medium, high };
struct KipuField {
  std::string_view wire;
  KipuPhi least;  // told from this level on
};
const std::vector<KipuField>& kipu_fields();

}  // namespace handoff::sandbox
