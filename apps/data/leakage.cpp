#include "apps/data/leakage.h"

#include <fmt/format.h>

#include <map>
#include <set>

#include "apps/files/csv.h"
#include "engine/io/atomic_file.h"

namespace dmf {
namespace {

bool same_bytes(const std::filesystem::path& a, const std::filesystem::path& b) {
  constexpr std::uintmax_t kMost = std::uintmax_t{1} << 28;
  return std::filesystem::file_size(a) == std::filesystem::file_size(b) &&
         read_file(a, kMost) == read_file(b, kMost);
}

}  // namespace

LeakageReport find_leakage(const SampleSet& samples, double threshold) {
  const std::vector<AlikePair> pairs = near_duplicates(samples, threshold);
  const std::vector<std::size_t> group_of = groups_of(pairs, samples.size());
  std::map<std::size_t, std::vector<std::size_t>> members;
  for (std::size_t i = 0; i < samples.size(); ++i) members[group_of[i]].push_back(i);
  std::map<std::size_t, std::vector<AlikePair>> links;
  for (const AlikePair& pair : pairs) links[group_of[pair.first]].push_back(pair);

  LeakageReport report;
  report.images = samples.size();
  report.csv = "group,id,class,conflict\n";
  for (const auto& [root, items] : members) {
    if (items.size() < 2) continue;
    ++report.groups;
    report.grouped_images += items.size();
    std::vector<std::string> names;
    std::set<std::string> classes;
    for (const std::size_t i : items) {
      names.push_back(samples.item(i).id);
      classes.insert(samples.item(i).image_class);
    }
    const bool conflict = classes.size() > 1;
    report.conflicts += conflict ? 1u : 0u;
    if (conflict) report.conflicting.push_back(fmt::format("{}", fmt::join(names, " and ")));
    double weakest = 1.0;
    std::vector<std::string> notes;
    for (const AlikePair& pair : links[root]) {
      weakest = std::min(weakest, pair.correlation);
      const auto& a = samples.item(pair.first);
      const auto& b = samples.item(pair.second);
      if (a.image != b.image && same_bytes(a.image, b.image))
        notes.push_back(fmt::format("{} and {} are the same file", a.id, b.id));
    }
    report.text += fmt::format(
        "group {}: {} (correlation from {:.4f}){}{}\n", report.groups, fmt::join(names, ", "),
        weakest, conflict ? fmt::format(" CONFLICT: {}", fmt::join(classes, " and ")) : "",
        notes.empty() ? "" : fmt::format("; {}", fmt::join(notes, "; ")));
    for (const std::size_t i : items) {
      report.csv += fmt::format("{},{},{},{}\n", report.groups, csv_cell(samples.item(i).id),
                                csv_cell(samples.item(i).image_class), conflict ? 1 : 0);
    }
  }
  report.text += fmt::format(
      "{} groups of near-duplicates (thumbnails correlate above {}), {} of {} images; {} with "
      "different classes\n",
      report.groups, threshold, report.grouped_images, report.images, report.conflicts);
  return report;
}

}  // namespace dmf
