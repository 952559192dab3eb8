#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>

#include "apps/inspection/summary.h"
#include "apps/page/html.h"
#include "apps/page/page.h"

namespace dmf {
namespace {

/// What is written under an image of the sheet.
std::string caption(const ImageFacts& image, const std::vector<std::string>& flags) {
  std::string text = fmt::format("{} · {} x {}", image.id, image.width, image.height);
  if (image.lesions.empty()) {
    text += " · no lesion";
  } else {
    text += fmt::format(" · lesion {:.1f} %", 100.0 * image.lesion_share);
    if (image.lesions.size() > 1) text += fmt::format(" in {}", image.lesions.size());
  }
  return flags.empty() ? text : text + " · " + fmt::format("{}", fmt::join(flags, "; "));
}

/// How many images have a lesion of about each share of them.
std::vector<std::vector<std::string>> share_rows(const Inspection& inspection) {
  static constexpr double kUpTo[] = {0.001, 0.005, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 1.0};
  std::vector<std::vector<std::string>> rows;
  double from = 0.0;
  for (const double to : kUpTo) {
    const auto count = std::count_if(
        inspection.images.begin(), inspection.images.end(),
        [&](const auto& image) { return image.lesion_share > from && image.lesion_share <= to; });
    rows.push_back(
        {fmt::format("{:g} to {:g} %", 100.0 * from, 100.0 * to), fmt::format("{}", count)});
    from = to;
  }
  return rows;
}

}  // namespace

std::string inspection_page(const std::string& title, const std::vector<std::string>& understood,
                            const Inspection& inspection, bool anonymise) {
  Page page;
  page.title = title;
  page.lines = understood;
  page.add("The images", "", facts_html(summary_of(inspection)));
  std::vector<std::vector<std::string>> rows;
  for (const bool fact : {false, true}) {
    rows.clear();
    for (const Finding& finding : inspection.findings) {
      if (finding.is_fact != fact) continue;
      rows.push_back({finding.what, fmt::format("{}", finding.where.size()),
                      anonymise && finding.names_files
                          ? "not named here"
                          : fmt::format("{}", fmt::join(finding.where, "; "))});
    }
    if (rows.empty()) continue;
    page.add(fact ? "Worth knowing" : "Look at these",
             fact ? "" : "Each may be as it should be; only a person can tell.",
             html({.caption = "", .columns = {"what", "how many", "which"}, .rows = rows}));
  }
  page.add("Lesion sizes", "Share of the image, of the images that have a lesion.",
           html({.caption = "", .columns = {"share", "images"}, .rows = share_rows(inspection)}));

  std::map<std::string, std::vector<std::string>> flags;
  for (const Finding& finding : inspection.findings) {
    if (finding.is_fact) continue;
    for (const std::string& id : finding.where) flags[id].push_back(finding.what);
  }
  const std::vector<std::string> suspects = inspection.suspects();
  const std::set<std::string> first(suspects.begin(), suspects.end());
  std::vector<HtmlPicture> doubtful, others;
  for (const ImageFacts& image : inspection.images) {
    const auto found = flags.find(image.id);
    const bool suspect = first.contains(image.id);
    (suspect ? doubtful : others)
        .push_back({data_uri("image/jpeg", image.thumbnail),
                    caption(image, suspect ? found->second : std::vector<std::string>())});
  }
  const char* note = "Lesions tinted and outlined as they were understood.";
  if (!doubtful.empty()) page.add("Images to look at", note, contact_sheet_html(doubtful));
  page.add(doubtful.empty() ? "All images" : "The others", note, contact_sheet_html(others));
  return page.html();
}

}  // namespace dmf
