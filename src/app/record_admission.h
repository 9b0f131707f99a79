// The admission side of what is pulled from record systems: sync tells of a chart, opportunity keeps its stays.
#pragma once

#include "sync/store.h"

namespace handoff::app {

// Keeps an intake opportunity for each stay of a chart, in the commit that applies the chart.
class AdmissionOfRecords final : public sync::RecordFollower {
 public:
  std::shared_ptr<const RoomNeeds> needs(const EmrConnectionId& connection,
                                         const std::vector<std::string>& casefiles) override;
  void follow(referral::Unit& unit, const sync::EmrConnection& connection, const sync::LinkedRecord* before,
              sync::LinkedRecord& after) override;
};

}  // namespace handoff::app
