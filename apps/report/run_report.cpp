#include "apps/report/run_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "apps/evaluation/panels.h"
#include "apps/files/folders.h"
#include "apps/image/codecs/image_file.h"
#include "apps/options/config_file.h"
#include "apps/page/html.h"
#include "apps/page/page.h"
#include "apps/report/run_curves.h"
#include "apps/report/score_tables.h"
#include "apps/run/provenance.h"
#include "apps/support/option_values.h"
#include "engine/io/atomic_file.h"

namespace dmf {
namespace {

namespace fs = std::filesystem;

/// The panels of a folder, with the Dice of each image where it is known.
void add_panels(Page& page, const std::string& title, const RunFiles& panels,
                const std::string& folder, const std::map<std::string, double>& dice) {
  std::vector<std::string> names;
  for (const auto& panel : panels) {
    if (fs::path(panel.first).parent_path() == folder) names.push_back(panel.first);
  }
  std::sort(names.begin(), names.end(), natural_less);
  if (names.empty()) return;
  std::vector<HtmlPicture> pictures;
  for (const std::string& name : names) {
    std::string caption = fs::path(name).stem().string();
    const std::size_t space = caption.find(' ');
    auto found = dice.find(caption);
    if (found == dice.end() && space != std::string::npos)
      found = dice.find(caption.substr(space + 1));
    if (found != dice.end()) caption += fmt::format(": Dice {:.3f}", found->second);
    pictures.push_back({data_uri("image/png", panels.at(name)), caption});
  }
  page.add(title, "Image, truth, prediction.", contact_sheet_html(pictures));
}

}  // namespace

std::string metrics_json(const Scoreboard& scoreboard, const std::string& at,
                         const std::string& part, const std::string& split,
                         const std::string& run) {
  Json json = {{"part", part}, {"split", split}, {"at", at}};
  if (!run.empty()) json["run"] = run;
  json.update(scoreboard.to_json());
  return json.dump(2) + "\n";
}

RunFiles panel_files(Model& model, const SampleSet& samples, const std::vector<std::size_t>& items,
                     const std::vector<ImageScore>& images,
                     const std::function<void()>& each_time) {
  constexpr std::size_t kSpread = 8, kExtreme = 4;
  RunFiles files;
  const auto draw = [&](const std::string& name, std::size_t item) {
    each_time();
    const Picture picture = panel_of(model.predictor(), samples, item);
    files[name] = encode_png(picture.height, picture.width, 3, picture.samples);
  };
  const std::size_t shown = std::min(kSpread, items.size());
  for (std::size_t k = 0; k < shown; ++k) {
    const std::size_t item = items[k * items.size() / shown];
    draw("panels/" + panel_name(samples.item(item).id) + ".png", item);
  }
  std::vector<std::size_t> order;
  for (std::size_t k = 0; k < images.size(); ++k) {
    if (images[k].has_lesion()) order.push_back(k);
  }
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return images[a].lesion_dice() < images[b].lesion_dice();
  });
  for (std::size_t rank = 0; rank < std::min(kExtreme, order.size()); ++rank) {
    const auto ranked = [&](const char* part, std::size_t k) {
      draw(fmt::format("panels/{}/{} {}.png", part, rank + 1, panel_name(images[k].id)), items[k]);
    };
    ranked("worst", order[rank]);
    ranked("best", order[order.size() - 1 - rank]);
  }
  return files;
}

namespace {

/// scores  null while the run still trains
void write_page(const fs::path& run, const Scoreboard* scores,
                const std::vector<ImageScore>& images, const RunFiles& panels) {
  const TrainOptions options = read_config((run / "config.toml").string());
  const Provenance from = read_provenance(run / "run.json");
  Page page;
  page.title = fmt::format("Run {}", run.filename().string());
  page.lines = {"Research software, not for diagnosis."};
  page.add("The run", "",
           facts_html(
               {{"network", fmt::format("{}, {}, {} x {} x {}", options.model,
                                        settings_text(options.network_spec().settings),
                                        options.data.preprocess.size, options.data.preprocess.size,
                                        options.data.preprocess.channels)},
                {"losses", fmt::format("{}; auxiliary {}", fmt::join(options.losses, " + "),
                                       options.auxiliary)},
                {"weighting", options.fusion.weighting},
                {"data", from.data_set},
                {"split", from.split},
                {"seed", fmt::format("{}", options.seed)},
                {"machine", from.machine},
                {"version", from.version + (from.commit.empty() ? "" : ", commit " + from.commit)},
                {"command", from.command},
                {"run", from.id}}));
  if (scores != nullptr) {
    add_scores(page, *scores);
    if (scores->reliability.pixels() > 0) add_reliability(page, scores->reliability);
  }
  add_run_curves(page, run, options);
  if (scores != nullptr) {
    std::map<std::string, double> dice;
    for (const ImageScore& image : images) dice[panel_name(image.id)] = image.lesion_dice();
    add_panels(page, "Worst cases", panels, "panels/worst", dice);
    add_panels(page, "Best cases", panels, "panels/best", dice);
    add_panels(page, "Test images, evenly spread", panels, "panels", dice);
  }
  write_file_atomically(run / "report.html", page.html());
}

}  // namespace

void write_run_page(const fs::path& run) {
  write_page(run, nullptr, {}, {});
}

void write_run_page(const fs::path& run, const Scoreboard& scores,
                    const std::vector<ImageScore>& images, const RunFiles& panels) {
  write_page(run, &scores, images, panels);
}

}  // namespace dmf
