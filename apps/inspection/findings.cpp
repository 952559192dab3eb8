#include "apps/inspection/findings.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <set>

#include "apps/inspection/summary.h"
#include "apps/support/text.h"
#include "engine/core/check.h"
#include "engine/core/parallel.h"

namespace dmf {
namespace {

constexpr int kThumbnail = 160;  // pixels
constexpr double kMuchSaturated = 0.05, kLowContrast = 0.15, kTiny = 0.001, kHuge = 0.6;
constexpr double kMarks = 0.3;  // a grey image has fewer coloured pixels

std::vector<Finding> findings_of(const std::vector<ImageFacts>& images, const LeakageReport& alike,
                                 const SampleSet& samples) {
  std::vector<Finding> all;
  const auto add = [&](const std::string& what, bool is_fact, const auto& holds) {
    Finding finding{what, {}, is_fact};
    for (const ImageFacts& image : images) {
      if (holds(image)) finding.where.push_back(image.id);
    }
    if (!finding.where.empty()) all.push_back(std::move(finding));
  };
  if (!samples.broken().empty()) all.push_back({"cannot be used", samples.broken(), false, true});
  std::vector<std::string> unused;
  for (const UnusedFile& file : samples.dataset().unused) {
    unused.push_back(fmt::format("{}: {}", file.path.string(), file.reason));
  }
  if (!unused.empty()) all.push_back({"files that are not used", std::move(unused), false, true});
  if (alike.conflicts > 0) {
    all.push_back({"near-duplicates of different classes", alike.conflicting});
  }
  add("lesion in more than 60 % of the image", false,
      [](const ImageFacts& i) { return i.lesion_share > kHuge; });
  add("lesion in less than a thousandth of the image", false,
      [](const ImageFacts& i) { return i.lesion_share > 0.0 && i.lesion_share < kTiny; });
  add("lesions smaller than a pixel of the network's input", false,
      [](const ImageFacts& i) { return i.below_a_pixel > 0; });
  add("colour burnt into a grey image (marks, text)", false,
      [](const ImageFacts& i) { return i.coloured > 0.0 && i.coloured < kMarks; });
  add("more than 5 % of the pixels saturated", false,
      [](const ImageFacts& i) { return i.saturated > kMuchSaturated; });
  add("low contrast", false, [](const ImageFacts& i) { return i.contrast < kLowContrast; });
  add("an EXIF orientation", false, [](const ImageFacts& i) { return i.orientation != 1; });
  add("odd files", false, [](const ImageFacts& i) { return !i.warnings.empty(); });
  add("several lesions", true, [](const ImageFacts& i) { return i.lesions.size() > 1; });
  add("no lesion", true, [](const ImageFacts& i) { return i.lesions.empty(); });
  std::stable_partition(all.begin(), all.end(), [](const Finding& f) { return !f.is_fact; });
  return all;
}

}  // namespace

std::vector<std::string> Inspection::suspects() const {
  std::set<std::string> named;
  for (const Finding& finding : findings) {
    if (!finding.is_fact) named.insert(finding.where.begin(), finding.where.end());
  }
  std::vector<std::string> ids;
  for (const ImageFacts& image : images) {
    if (named.contains(image.id)) ids.push_back(image.id);
  }
  return ids;
}

Inspection inspect(const SampleSet& samples, double duplicate_threshold,
                   const CountProgress& on_progress) {
  Inspection inspection;
  inspection.images.resize(samples.size());
  std::atomic<std::size_t> done = 0;
  rethrow_first(parallel_try(static_cast<Index>(samples.size()), [&](Index i) {
    const auto k = static_cast<std::size_t>(i);
    if (on_progress) on_progress("images looked at", ++done, samples.size());
    inspection.images[k] = look_at(samples, k, kThumbnail);
  }));
  inspection.alike = find_leakage(samples, duplicate_threshold);
  inspection.findings = findings_of(inspection.images, inspection.alike, samples);
  return inspection;
}

std::string inspection_text(const Inspection& inspection) {
  std::string text;
  for (const auto& [name, value] : summary_of(inspection)) {
    text += fmt::format("{:<9} {}\n", name, value);
  }
  for (const Finding& finding : inspection.findings) {
    text += fmt::format("{} {} ({}): {}\n", finding.is_fact ? "note:   " : "look at:", finding.what,
                        finding.where.size(), first_few(finding.where));
  }
  return text;
}

}  // namespace dmf
