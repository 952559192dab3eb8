#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <cstdio>
#include <cstdlib>

#include "engine/core/check.h"
#include "engine/core/choice.h"
#include "engine/core/device.h"
#include "engine/core/instruction_set.h"

namespace {

/// Says which cases failed, which are skipped and why (tests/support/needs.h), and prints the line
/// that tests/tally/tally.awk counts: also when a case crashes, but not when something ends the
/// program.
class Tally : public doctest::IReporter {
 public:
  explicit Tally(const doctest::ContextOptions& options) : out_(*options.cout) {}

  void test_case_skipped(const doctest::TestCaseData& test) override {
    if (!test.m_skip) return;  // left out by a filter of the command line
    ++skipped_;
    out_ << "skipped: " << test.m_name << ": " << test.m_description << std::endl;
  }
  void test_case_start(const doctest::TestCaseData& test) override { name_ = test.m_name; }
  void test_case_end(const doctest::CurrentTestCaseStats& ended) override {
    if (!ended.testCaseSuccess) out_ << "failed: " << name_ << std::endl;
  }
  void test_run_end(const doctest::TestRunStats& run) override {
    out_ << run.numTestCasesPassingFilters - run.numTestCasesFailed << " passed, "
         << run.numTestCasesFailed << " failed, " << skipped_ << " skipped" << std::endl;
  }

  void report_query(const doctest::QueryData&) override {}
  void test_run_start() override {}
  void test_case_reenter(const doctest::TestCaseData&) override {}
  void test_case_exception(const doctest::TestCaseException&) override {}
  void subcase_start(const doctest::SubcaseSignature&) override {}
  void subcase_end() override {}
  void log_assert(const doctest::AssertData&) override {}
  void log_message(const doctest::MessageData&) override {}

 private:
  std::ostream& out_;
  const char* name_ = "";
  unsigned skipped_ = 0;
};
REGISTER_LISTENER("tally", 0, Tally);

}  // namespace

/// Runs the suite; one that needs a device or an instruction set which is not there is skipped with the
/// reason (77, as CTest is told).
int main(int argc, char** argv) {
  if (const char* device = std::getenv("DMF_TEST_DEVICE")) {
    try {
      dmf::Device::parse(device);
    } catch (const dmf::Error& missing) {
      std::printf("skipped: %s\n", missing.what());
      return 77;
    }
  }
  if (const char* isa = std::getenv("DMF_TEST_ISA")) {
    try {
      dmf::use_instruction_set(dmf::entry_named(dmf::usable_instruction_sets(), isa, "isa").value);
    } catch (const dmf::Error& missing) {
      std::printf("skipped: %s\n", missing.what());
      return 77;
    }
  }
  doctest::Context context(argc, argv);
  return context.run();
}
