// Reading, outside of any unit of work. Every question carries the organization that asks; what is not its own does not
// exist for it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "referral/event.h"

namespace handoff::referral {

template <class Item>
struct Page {
  std::vector<Item> items;
  std::optional<std::string> next_cursor;  // opaque; nothing at the end
};

enum class Direction { received, sent };
enum class Sort { newest_first, oldest_first, least_recently_updated };

struct ListFilter {
  Direction direction = Direction::received;
  std::optional<Status> status;
  std::optional<std::string> sub_status;  // code
  std::optional<Category> category;
  std::optional<ListingId> listing;
  bool archived = false;  // only archived ones instead of only those that are not
  std::optional<bool> has_integration_errors;
  std::optional<Instant> updated_since;
  std::optional<std::string> text;  // in number and registrant's name
  Sort sort = Sort::newest_first;
  std::size_t limit = 50;
  std::optional<std::string> cursor;
};

class Reader {
 public:
  virtual ~Reader() = default;
  // With integration_errors as this organization sees them. Nothing for a stranger's.
  virtual Result<std::optional<Referral>> referral(const OrganizationId& asking, const ReferralId& id) = 0;
  virtual Result<std::optional<Referral>> referral_version(const OrganizationId& asking, const ReferralId& id,
                                                           std::int64_t version) = 0;
  virtual Result<Page<Referral>> list(const OrganizationId& asking, const ListFilter& filter) = 0;
  virtual Result<Page<Event>> events(const OrganizationId& asking, const ReferralId& id, std::size_t limit,
                                     const std::optional<std::string>& cursor) = 0;  // oldest first
  virtual Result<std::vector<Message>> messages(const OrganizationId& asking, const ReferralId& id) = 0;
  virtual Result<std::vector<Note>> notes(const OrganizationId& asking,
                                          const ReferralId& id) = 0;  // the asking one's own

  virtual Result<std::optional<directory::Organization>> organization(const OrganizationId& id) = 0;
  virtual Result<std::vector<directory::Listing>> listings(const OrganizationId& asking) = 0;
  virtual Result<std::vector<directory::Listing>> exchange_listings(const OrganizationId& asking) = 0;  // of others
  // The asking organization's own, or one of visibility exchange.
  virtual Result<std::optional<directory::Listing>> listing(const OrganizationId& asking, const ListingId& id) = 0;
  virtual Result<std::vector<SubStatus>> sub_statuses(const OrganizationId& organization) = 0;
};

}  // namespace handoff::referral
