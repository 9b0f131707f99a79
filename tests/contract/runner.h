// The least a runner must do, as connector.h says it: keep progress, remember doubt, hand secrets on. It takes a
// delivery to its end through any weather. The real one is exchange's lane runner.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tests/contract/partner.h"

namespace handoff::contract {

using exchange::DeliveryView;
using exchange::Finished;
using exchange::Progress;
using exchange::Verdict;

// What happens to one request on its way.
enum class Weather {
  fair,
  answer_lost,      // the partner saved, and no answer came
  request_lost,     // nothing arrived, and we cannot know
  not_sent,         // no connection
  stop_after_save,  // the partner answered, and we stopped before our progress was kept
  stop_after_step,  // our progress was kept, and then we stopped
  server_error,     // 500 after saving
  unavailable,      // 503 without saving
};

struct Sent {
  HttpRequest request;
  Reply reply;
  Verdict verdict;
};

struct Course {
  bool finished = false;
  Finished end;
  std::optional<Verdict> stopped;  // what needs somebody
  std::vector<Sent> sent;
  Progress progress;
  std::vector<std::string> steps() const {
    std::vector<std::string> names;
    for (const Sent& one : sent) names.push_back(one.request.step);
    return names;
  }
};

class Runner {
 public:
  using Sky = std::function<Weather(std::size_t index, const HttpRequest& request)>;
  using Far = std::function<Reply(const HttpRequest& request)>;

  Runner(const exchange::Connector& connector, Far far) : connector_(connector), far_(std::move(far)) {}

  std::map<std::string, Secret> ephemeral;  // in memory alone; a stop forgets it

  Course run(DeliveryView view, Progress progress = {}, const Sky& sky = nullptr) {
    constexpr std::size_t requests_max = 60;
    Course run;
    run.progress = std::move(progress);
    while (run.sent.size() < requests_max) {
      view.ephemeral = &ephemeral;
      auto step = connector_.next(view, run.progress);
      if (!step) {
        run.stopped = exchange::verdict_of(step.error());
        return run;
      }
      if (const auto* finished = std::get_if<Finished>(&*step)) {
        run.finished = true;
        run.end = *finished;
        return run;
      }
      const HttpRequest& request = std::get<HttpRequest>(*step);
      const Weather weather = sky ? sky(run.sent.size(), request) : Weather::fair;
      Reply reply = through(weather, request);
      Progress kept = run.progress;
      const Verdict verdict = connector_.judge(view, request, reply, kept);
      run.sent.push_back({request, reply, verdict});
      if (weather == Weather::stop_after_save) {
        // The lane is taken over: nobody knows that an answer came.
        view.doubtful = view.doubtful || request.changes_destination;
        ephemeral.clear();
        continue;
      }
      run.progress = std::move(kept);
      if (weather == Weather::stop_after_step) ephemeral.clear();
      if (const auto* done = std::get_if<exchange::StepDone>(&verdict)) {
        view.doubtful = false;
        if (done->forget_ephemeral) ephemeral.clear();
        if (weather != Weather::stop_after_step) {
          for (const auto& [name, secret] : done->ephemeral) ephemeral.insert_or_assign(name, secret);
        }
      } else if (std::holds_alternative<exchange::Unknown>(verdict)) {
        view.doubtful = view.doubtful || request.changes_destination;
      } else if (std::holds_alternative<exchange::NeedsData>(verdict) ||
                 std::holds_alternative<exchange::Misconfigured>(verdict) ||
                 std::holds_alternative<exchange::NeedsPerson>(verdict) ||
                 std::holds_alternative<exchange::Gone>(verdict)) {
        run.stopped = verdict;
        return run;
      }
    }
    return run;
  }

 private:
  Reply through(Weather weather, const HttpRequest& request) {
    Reply lost;
    lost.outcome = Reply::Outcome::unknown;
    switch (weather) {
      case Weather::answer_lost: (void)far_(request); return lost;
      case Weather::request_lost: return lost;
      case Weather::not_sent: lost.outcome = Reply::Outcome::not_sent; return lost;
      case Weather::server_error: (void)far_(request); return reply_of(500, "{}");
      case Weather::unavailable: return reply_of(503, "{}");
      default: return far_(request);
    }
  }

  const exchange::Connector& connector_;
  Far far_;
};

}  // namespace handoff::contract
