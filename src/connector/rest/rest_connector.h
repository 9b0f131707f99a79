// The class behind make_rest_connector(): rest.cc decides what to say, judge.cc what an answer means.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "connector/memory.h"
#include "connector/rest/request.h"

namespace handoff::connector {

inline constexpr const char* token_name = "access_token";  // the one secret a token step earns

std::optional<Secret> token_of(const exchange::DeliveryView& delivery);
const Json& mapping_of(const exchange::DeliveryView& delivery);

class RestConnector final : public exchange::Connector {
 public:
  explicit RestConnector(Profile profile) : profile_(std::move(profile)) {}

  const exchange::Manifest& manifest() const override { return profile_.manifest; }
  std::string profile_hash() const override { return profile_.hash; }
  void check(const Json& settings, const std::map<std::string, Secret>& secrets, const Json& mapping,
             Faults& faults) const override;
  Result<exchange::Step> next(const exchange::DeliveryView& delivery,
                              const exchange::Progress& progress) const override;
  exchange::Verdict judge(const exchange::DeliveryView& delivery, const exchange::HttpRequest& request,
                          const exchange::Reply& reply, exchange::Progress& progress) const override;
  Result<exchange::HttpRequest> probe(const Json& settings,
                                      const std::map<std::string, Secret>& secrets) const override;
  std::optional<exchange::HttpRequest> status_request(const exchange::DeliveryView& delivery) const override;
  Faults missing(const exchange::DeliveryView& delivery) const override;

 private:
  // Asking and saying
  Result<exchange::Step> say(const exchange::DeliveryView& delivery, const Memory& memory) const;
  Result<exchange::Step> say_create(const exchange::DeliveryView& delivery, const Memory& memory) const;
  Result<exchange::Step> say_update(const exchange::DeliveryView& delivery, const Memory& memory) const;
  Result<exchange::Step> say_files(const exchange::DeliveryView& delivery, const Memory& memory) const;
  Result<exchange::Step> ask(const exchange::DeliveryView& delivery, const Memory& memory) const;
  Result<exchange::Step> send_fields(const char* name, const StepRule& step, const exchange::DeliveryView& delivery,
                                     const Memory& memory) const;
  Wire wire(const exchange::DeliveryView& delivery, const Memory& memory) const;
  bool wants_token(const exchange::DeliveryView& delivery) const {
    return profile_.auth.kind == AuthKind::oauth2_client_credentials && !token_of(delivery);
  }

  // Reading
  exchange::Verdict judge_token(const exchange::Reply& reply, Memory& memory) const;
  exchange::Verdict judge_find(const exchange::DeliveryView& delivery, const Json& answer, Memory& memory) const;
  exchange::Verdict judge_create(const exchange::DeliveryView& delivery, const exchange::Reply& reply,
                                 Memory& memory) const;
  exchange::Verdict judge_status(const Json& answer, Memory& memory) const;
  exchange::Verdict judge_refusal(const exchange::DeliveryView& delivery, const exchange::HttpRequest& request,
                                  const exchange::Reply& reply, exchange::Verdict verdict, Memory& memory) const;
  exchange::Verdict judge_too_large(const exchange::DeliveryView& delivery, const std::string& step,
                                    exchange::TooLarge verdict, Memory& memory) const;
  exchange::NeedsData with_field(exchange::NeedsData refusal, const exchange::DeliveryView& delivery,
                                 const exchange::Reply& reply) const;
  void remember_fields(const exchange::DeliveryView& delivery, Memory& memory) const;

  // exchange::Mapping
  exchange::Mapping mapping_for(const Json& overrides, Faults& faults) const;
  exchange::MapContext context(const exchange::DeliveryView& delivery, const Memory& memory) const;
  exchange::Mapped map(const exchange::DeliveryView& delivery, const Memory& memory) const;
  std::optional<exchange::LeftOut> limit_fault(const File& file) const;
  std::vector<exchange::LeftOut> left_out(const exchange::DeliveryView& delivery, const Memory& memory) const;

  Profile profile_;
};

}  // namespace handoff::connector
