// Lends net to exchange: sends what the lane runner has to say, draws the summary PDF on threads of its own, reads
// attachments piece by piece.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "exchange/prober.h"
#include "exchange/transport.h"
#include "net/client.h"
#include "store/sql.h"

namespace handoff::app {

class Outbound final : public exchange::Transport, public exchange::Prober {
 public:
  // `arrived` is called whenever an answer can be taken; must be quick.
  Outbound(net::Client& client, store::Blobs& blobs, const Clock& clock, std::function<void()> arrived,
           std::size_t painters);
  ~Outbound() override;
  void send(exchange::Outgoing outgoing) override;
  std::vector<exchange::Arrived> take_arrived() override;
  exchange::Reply send(const exchange::HttpRequest& request) override;  // waits
  void stop();  // what was not sent yet ends as not sent; may be called twice

 private:
  void paint();
  void dispatch(exchange::Outgoing outgoing);
  void finish(std::uint64_t ticket, exchange::Reply reply, std::chrono::milliseconds duration);

  net::Client& client_;
  store::Blobs& blobs_;
  const Clock& clock_;
  const std::function<void()> arrived_;
  std::mutex mutex_;
  std::condition_variable work_;
  std::deque<exchange::Outgoing> waiting_;  // guarded by mutex_
  std::vector<exchange::Arrived> answers_;  // guarded by mutex_
  bool stopping_ = false;                   // guarded by mutex_
  std::vector<std::thread> painters_;
};

}  // namespace handoff::app
