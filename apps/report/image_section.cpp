#include "apps/report/image_section.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <numeric>

#include "apps/page/html.h"
#include "apps/page/plot.h"
#include "apps/report/embedded.h"

namespace dmf {
namespace {

constexpr const char* kNoScore = "–";

/// The worst first; images without a lesion last, those with a false alarm before the others.
std::vector<std::size_t> by_dice(const std::vector<ImageScore>& images) {
  std::vector<std::size_t> order(images.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto rank = [&](std::size_t k) {
    const ImageScore& image = images[k];
    if (image.has_lesion()) return image.lesion_dice();
    return image.predicted_lesion() ? 2.0 : 3.0;
  };
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return rank(a) < rank(b); });
  return order;
}

std::string score_text(const ImageScore& image) {
  if (image.has_lesion()) return fmt::format("Dice {:.3f}", image.lesion_dice());
  return image.predicted_lesion() ? "no lesion, one was found" : "no lesion, none was found";
}

/// Precision and recall of the lesion.
std::pair<double, double> precision_recall(const ImageScore& image) {
  const Scores scores = score(lesion_against_rest(image.confusion), 0.0);
  return {scores["precision"].per_class[1], scores["recall"].per_class[1]};
}

std::string scatter(const std::vector<ImageScore>& images) {
  std::vector<Series> series;
  for (const ImageScore& image : images) {
    if (!image.has_lesion() || image.lesion_share() <= 0.0) continue;
    const std::string kind = kind_of(image.id);
    auto of = std::find_if(series.begin(), series.end(),
                           [&](const Series& each) { return each.name == kind; });
    if (of == series.end()) of = series.insert(series.end(), Series{kind, {}, {}});
    of->x.push_back(100.0 * image.lesion_share());
    of->y.push_back(image.lesion_dice());
    of->rows.push_back(image.id);
  }
  constexpr std::size_t kMostKinds = 6;
  if (series.size() > kMostKinds) {  // patients' folders, say: no kinds
    Series all{"images", {}, {}};
    for (const Series& each : series) {
      all.x.insert(all.x.end(), each.x.begin(), each.x.end());
      all.y.insert(all.y.end(), each.y.begin(), each.y.end());
      all.rows.insert(all.rows.end(), each.rows.begin(), each.rows.end());
    }
    series = {all};
  }
  if (series.empty()) return "";
  return plots_html({{.title = "Dice over the lesion's size",
                      .x = "lesion's share of the image, %",
                      .y = "Dice",
                      .series = series,
                      .kind = PlotKind::points,
                      .log_x = true,
                      .y_range = AxisRange{0.0, 1.0},
                      .width = 560,
                      .height = 300}});
}

std::string table_of(const std::vector<ImageScore>& images, const std::vector<std::size_t>& order) {
  HtmlTable table;
  table.caption = "Every test image, the worst first; 95 % Hausdorff distance in pixels";
  table.columns = {"image", "Dice", "lesion, %", "precision", "recall", "HD95"};
  table.sortable = true;
  for (const std::size_t k : order) {
    const ImageScore& image = images[k];
    const auto [precision, recall] = precision_recall(image);
    const bool has = image.has_lesion();
    const auto number = [has](double value, int digits) {
      return has ? fmt::format("{:.{}f}", value, digits) : std::string(kNoScore);
    };
    table.rows.push_back(
        {image.id, has || !image.predicted_lesion() ? number(image.lesion_dice(), 3) : "alarm",
         fmt::format("{:.1f}", 100.0 * image.lesion_share()), number(precision, 2),
         number(recall, 2), number(image.surface.hd95, 1)});
    table.row_ids.push_back(image.id);
  }
  return "<div class=\"image-table\">" + html(table) + "</div>\n";
}

std::string drawing_of(const TestPicture& picture, const std::string& words) {
  std::string text = fmt::format(
      "<svg class=\"scan difference truth found\" viewBox=\"0 0 {0} {1}\" role=\"img\" "
      "aria-label=\"{2}\"><image width=\"{0}\" height=\"{1}\" href=\"{3}\"/>",
      picture.width, picture.height, escaped(words), data_uri("image/jpeg", picture.jpeg));
  for (const auto& [name, path] :
       {std::pair<const char*, const std::string&>{"missed", picture.missed},
        {"extra", picture.extra},
        {"possible", picture.possible},
        {"likely", picture.likely},
        {"truth", picture.truth},
        {"found", picture.found}}) {
    if (!path.empty()) text += fmt::format("<path class=\"{}\" d=\"{}\"/>", name, path);
  }
  return text + "</svg>";
}

std::string gallery(const std::vector<ImageScore>& images, const std::vector<std::size_t>& order,
                    const std::vector<TestPicture>& pictures) {
  std::map<std::string, const TestPicture*> by_id;
  for (const TestPicture& picture : pictures) by_id[picture.id] = &picture;
  const bool inside = pictures.size() <= kMostInPage;
  std::string text = "<div class=\"gallery\">\n";
  for (const std::size_t k : order) {
    if (!by_id.contains(images[k].id)) continue;
    const std::string words = images[k].id + ": " + score_text(images[k]);
    text += fmt::format("<figure data-row=\"{}\">", escaped(images[k].id));
    text += inside ? drawing_of(*by_id[images[k].id], words)
                   : fmt::format("<img loading=\"lazy\" src=\"{}\" alt=\"{}\">",
                                 escaped(url_of(panel_path(images[k].id))), escaped(words));
    text += fmt::format("<figcaption>{}<br>{}</figcaption></figure>\n", escaped(images[k].id),
                        escaped(score_text(images[k])));
  }
  return text + "</div>\n";
}

/// Where scripts show one picture large; without them it is not there.
constexpr const char* kViewer =
    "<div class=\"viewer screen-only\" hidden><div class=\"viewer-picture\"></div>\n<div "
    "class=\"viewer-buttons\">"
    "<button data-show=\"\">image</button><button data-show=\"truth\">truth</button>"
    "<button data-show=\"found\">prediction</button>"
    "<button data-show=\"difference truth found\" aria-pressed=\"true\">difference</button>"
    "<button data-show=\"sure found\">how sure</button></div>\n"
    "<p class=\"note viewer-words\" aria-live=\"polite\"></p></div>\n";

}  // namespace

std::string panel_path(const std::string& id) {
  return "panels/" + panel_name(id) + ".png";
}

std::string kind_of(const std::string& id) {
  const std::size_t slash = id.find('/');
  return slash == std::string::npos ? "" : id.substr(0, slash);
}

void add_images(Page& page, const std::vector<ImageScore>& images,
                const std::vector<TestPicture>& pictures) {
  const std::vector<std::size_t> order = by_dice(images);
  std::string body =
      "<div class=\"images\"><div>\n" + scatter(images) + table_of(images, order) + "</div>\n";
  if (!pictures.empty()) body += kViewer;
  body += "</div>\n";
  std::string note = "Point at an image or walk with the arrow keys to see it; a click holds it.";
  if (!pictures.empty()) {
    body += "<h3>Pictures, the worst first</h3>\n" + gallery(images, order, pictures);
    note +=
        pictures.size() <= kMostInPage
            ? " White: truth. Orange: prediction, filled where there is no lesion. Blue: lesion "
              "that was not found. Dotted: where its probability is 0.25 and 0.75."
            : fmt::format(
                  " More than {} pictures: they lie in panels/ beside this page, image, "
                  "truth and prediction each.",
                  kMostInPage);
  }
  page.add("Every test image", note, body);
  page.scripts.push_back(embedded::kViewerScript);
}

}  // namespace dmf
