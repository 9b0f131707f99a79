#include "app/admin.h"
namespace handoff::app {
Result<bool> admin_verify_audit(const AdminContext&) { return true; }
Result<bool> admin_verify_decisions(const AdminContext&) { return true; }
}
