#include <doctest/doctest.h>

#include <set>

#include "apps/oracle/reference_case.h"
#include "tests/support/temporary_folder.h"

namespace dmf {

// Losses, metrics and the bilateral filter in float64 by other programs: eq. (11) to (27)
TEST_CASE("reference cases: every fixture passes, every supported op has one") {
  std::set<std::string> ops;
  for (const auto& entry : std::filesystem::directory_iterator(DMF_FIXTURES "/reference")) {
    const CaseReport report = check_case(entry.path(), Precision::as_given);
    CHECK_MESSAGE(report.verdict == CaseVerdict::pass, entry.path().filename().string(), ": ",
                  report.message);
    ops.insert(report.op);
  }
  for (const std::string& op : case_ops()) CHECK_MESSAGE(ops.contains(op), op);
}

TEST_CASE("reference cases: a word that is none of an attribute's is never taken for one of them") {
  const TemporaryFolder folder;
  const std::set<std::string> words = {"strategy", "variant", "mean", "mode",
                                       "loss",     "losses",  "aux",  "optimizer"};
  std::set<std::string> seen;
  for (const auto& entry : std::filesystem::directory_iterator(DMF_FIXTURES "/reference")) {
    const Safetensors sound = read_safetensors(entry.path());
    for (const auto& attribute : sound.metadata) {
      const std::string& key = attribute.first;
      if (!words.contains(key)) continue;
      seen.insert(key);
      Safetensors wrong = sound;
      wrong.metadata[key] = "nonesuch";
      write_safetensors(folder / "case.safetensors", wrong);
      const CaseReport report = check_case(folder / "case.safetensors", Precision::as_given);
      CHECK_MESSAGE(report.message.find("nonesuch") != std::string::npos,
                    entry.path().filename().string(), ", ", key, ": ", report.message);
    }
  }
  CHECK(seen == words);
}

TEST_CASE("reference cases: a strategy may be a formula") {
  Safetensors file =
      read_safetensors(DMF_FIXTURES "/reference/dmf_weights__never_full_mad.safetensors");
  file.metadata["history_size"] = "2";
  const auto weights = [&](const std::string& strategy) {
    file.metadata["strategy"] = strategy;
    const Tensor<double> all =
        compute_case(ReferenceCase(file), Precision::as_given).get<double>("weights");
    return std::vector<double>(all.span().begin(), all.span().end());
  };
  const std::string mad = "mad(minmax(symlog(window())))";
  CHECK(weights("normalise(1/(" + mad + "+1e-7))") == weights("mad"));
  CHECK(weights("normalise(1/(" + mad + "+1))") != weights("mad"));
  CHECK(weights("softmax(slope(window(200)))") == std::vector<double>(12, 0.5));  // room for 200
  CHECK_THROWS_WITH_AS(weights("normalise(1/loss"),
                       doctest::Contains("at character 17: got the end"), ValueError);
}

TEST_CASE("reference cases: a wrong expectation fails, a broken or unknown case says why") {
  const TemporaryFolder folder;
  Safetensors file = read_safetensors(DMF_FIXTURES "/reference/relu__random.safetensors");
  const auto report_of = [&] {
    write_safetensors(folder / "case.safetensors", file);
    return check_case(folder / "case.safetensors", Precision::as_given);
  };
  CHECK(report_of().verdict == CaseVerdict::pass);
  Tensor<double> expected = file.get<double>("expect.output");
  expected.data()[3] += 1e-3;
  file.set("expect.output", expected);
  CHECK(report_of().verdict == CaseVerdict::fail);
  CHECK(report_of().message.find("output differs by 0.001") == 0);
  file.metadata["rtol"] = "many";
  CHECK(report_of().message.find("'rtol' is 'many': expected a number") != std::string::npos);
  file.metadata["op"] = "einsum";
  CHECK(report_of().verdict == CaseVerdict::unsupported);
  file.metadata.erase("op");
  CHECK(report_of().message.find("'op' is missing") != std::string::npos);
  write_text(folder / "text.safetensors", "text, not tensors");
  CHECK(check_case(folder / "text.safetensors", Precision::as_given).verdict == CaseVerdict::fail);
}

}  // namespace dmf
