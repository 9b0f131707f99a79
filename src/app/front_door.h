// Which face a request is for, by its path: the Salesforce face has /services and /id, the native API the rest.
#pragma once

#include "face/salesforce/salesforce.h"
#include "net/http.h"

namespace handoff::app {

class FrontDoor final : public net::Handler {
 public:
  // Both outlive it.
  FrontDoor(net::Handler& own, net::Handler& salesforce) : own_(own), salesforce_(salesforce) {}
  net::Response handle(net::Request& request) override { return behind(request).handle(request); }
  Admission admit(const net::Request& head) override { return behind(head).admit(head); }
  // What the server refuses before it knows a path is worded as the native API words it.
  net::Response refuse(int status, std::string_view code, std::string_view detail) override {
    return own_.refuse(status, code, detail);
  }

 private:
  net::Handler& behind(const net::Request& request) const {
    return face::SalesforceFace::serves(request.path) ? salesforce_ : own_;
  }
  net::Handler &own_, &salesforce_;
};

}  // namespace handoff::app
