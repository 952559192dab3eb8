// In place of event_log.cpp where protobuf is not installed.
#include "apps/training/event_log.h"
#include "engine/core/check.h"

namespace dmf {

struct EventLog::File {};

void EventLog::check_built() {
  throw Error(
      "[tensorboard] this program was built without protobuf: install libprotobuf-dev and "
      "protobuf-compiler (./dev extras) and build again.");
}

EventLog::EventLog(const std::filesystem::path&, std::uintmax_t) {
  check_built();
}

EventLog::~EventLog() = default;
void EventLog::scalars(std::int64_t, const std::vector<std::pair<std::string, double>>&) {}
void EventLog::image(std::int64_t, const std::string&, const Picture&) {}
std::uintmax_t EventLog::flush() {
  return 0;
}

}  // namespace dmf
