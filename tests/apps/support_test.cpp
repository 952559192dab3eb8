#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cmath>

#include "apps/support/machine_limits.h"
#include "apps/support/progress.h"
#include "apps/support/text.h"
#include "apps/support/within_memory.h"
#include "tests/support/temporary_folder.h"

// What all programs share: how far a work is, what a line may be, what the machine gives.

namespace dmf {
namespace {

TEST_CASE("progress_line: never as wide as the terminal; what is left to do is seen from 40 on") {
  for (std::size_t width = 1; width <= 200; ++width) {
    for (const double done : {0.0, 0.004, 0.5, 0.996, 1.0}) {
      for (const std::string left : {"", "5 s", "59:59", "429:08:38"}) {
        const std::string line = progress_line(
            done, left, "epoch 100/100 33 img/s loss 68539135092900319255 w .34 .36 .30", width);
        CHECK(line.size() < width);
        if (width >= 40 && !left.empty()) CHECK(line.find(left + " left") != std::string::npos);
        if (width >= 20)
          CHECK(line.find(fmt::format("{:.0f} %", 100.0 * done)) != std::string::npos);
      }
    }
  }
  CHECK(progress_line(0.5, "3:07", "epoch 2/4", 41) == "[#####.....]  50 % 3:07 left, epoch 2/4");
  CHECK(progress_line(0.0, "", "a\nb\x1b[1mc\xc3\xa4", 80) ==
        "[....................]   0 %, a?b?[1mc??");
}

TEST_CASE("fit_line: short lines stay, long ones keep their words and their labels apart") {
  CHECK(fit_line("data      a  b", 20) == "data      a  b");
  CHECK(fit_line("data      one two three four", 24) == "data      one two three\n          four");
  CHECK(fit_line("          one two three four", 24) == "          one two three\n          four");
  CHECK(fit_line("warning: one two three four", 20) == "warning: one two\n  three four");
  CHECK(fit_line("a b", 2) == "a\n  b");
}

TEST_CASE("group_limits: the least of a control group and those above it, of both versions") {
  const TemporaryFolder root;
  CHECK(std::isinf(group_limits(root.path()).cores));
  CHECK(std::isinf(group_limits(root.path()).memory_left));
  write_text(root / "proc/self/cgroup", "0::/batch/job 7/step\n");
  const std::string two = "sys/fs/cgroup/batch/job 7/";
  write_text(root / (two + "cpu.max"), "150000 100000\n");
  write_text(root / (two + "step/cpu.max"), "max 100000\n");
  write_text(root / (two + "memory.max"), "1000\n");
  write_text(root / (two + "memory.current"), "700\n");
  write_text(root / (two + "memory.stat"), "anon 600\ninactive_file 50\n");
  write_text(root / "sys/fs/cgroup/batch/memory.max", "max\n");
  CHECK(group_limits(root.path()).cores == 1.5);
  CHECK(group_limits(root.path()).memory_left == 350.0);
  write_text(root / "proc/self/cgroup", "4:memory:/a\n3:cpu,cpuacct:/b\n2:cpuset:/\n0::/\n");
  const std::string memory = "sys/fs/cgroup/memory/", cpu = "sys/fs/cgroup/cpu,cpuacct/";
  write_text(root / (memory + "a/memory.limit_in_bytes"), "9223372036854771712\n");
  write_text(root / (memory + "a/memory.usage_in_bytes"), "5000\n");
  write_text(root / (memory + "memory.limit_in_bytes"), "8000\n");
  write_text(root / (memory + "memory.usage_in_bytes"), "6000\n");
  write_text(root / (memory + "memory.stat"), "inactive_file 1\ntotal_inactive_file 500\n");
  write_text(root / (cpu + "cpu.cfs_quota_us"), "-1\n");
  write_text(root / (cpu + "b/cpu.cfs_quota_us"), "300000\n");
  write_text(root / (cpu + "b/cpu.cfs_period_us"), "100000\n");
  CHECK(group_limits(root.path()).cores == 3.0);
  CHECK(group_limits(root.path()).memory_left == 2500.0);
  CHECK(usable_cores() >= 1);
}

TEST_CASE("within_memory: names the innermost task, and passes other errors on") {
  const auto out_of_memory = [] { throw std::bad_alloc(); };
  const auto of_engine = [] { throw OutOfMemory("[memory] 8 MB"); };
  const std::string text = "[memory] out of memory while reading a.png. Less needs less.";
  CHECK_THROWS_WITH_AS(within_memory("while reading a.png", "Less needs less", out_of_memory),
                       text.c_str(), NotEnoughMemory);
  CHECK_THROWS_WITH_AS(
      within_memory("while training", "Nothing helps",
                    [&] { within_memory("while reading a.png", "Less needs less", of_engine); }),
      text.c_str(), NotEnoughMemory);
  CHECK_THROWS_AS(within_memory("a", "b", [] { throw IoError("other"); }), IoError);
  CHECK(within_memory("a", "b", [] { return 7; }) == 7);
}

}  // namespace
}  // namespace dmf
