#include "apps/report/run_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "apps/data/files.h"
#include "apps/report/page.h"
#include "apps/report/panels.h"
#include "apps/report/run_curves.h"
#include "apps/training/config_file.h"
#include "apps/training/provenance.h"
#include "engine/io/atomic_file.h"

namespace dmf {
namespace {

namespace fs = std::filesystem;

/// The panels of a folder in two columns, with the Dice of each image where it is known.
void add_panels(Page& page, const std::string& title, const fs::path& folder,
                const std::map<std::string, double>& dice) {
  if (!fs::is_directory(folder)) return;
  Json cells = Json::array();
  for (const fs::path& path : files_below(folder, 1, is_image_path).files) {
    std::string caption = path.stem().string();
    const std::size_t space = caption.find(' ');
    auto found = dice.find(caption);
    if (found == dice.end() && space != std::string::npos)
      found = dice.find(caption.substr(space + 1));
    if (found != dice.end()) caption += fmt::format(": Dice {:.3f}", found->second);
    constexpr std::uintmax_t kMost = 1 << 24;
    cells.push_back({{"image", png_uri(read_file(path, kMost))}, {"caption", caption}});
  }
  if (cells.size() % 2 == 1) cells.push_back(cells.back());
  Json rows = Json::array();
  for (std::size_t k = 0; k < cells.size(); k += 2) rows.push_back({cells[k], cells[k + 1]});
  page.add_panels(title, "Image, truth, prediction.", {"", ""}, std::move(rows));
}

}  // namespace

std::string metrics_json(const Scoreboard& scoreboard, const std::string& at,
                         const std::string& part, const std::string& split) {
  Json json = {{"part", part}, {"split", split}, {"at", at}};
  json.update(scoreboard.to_json());
  return json.dump(2) + "\n";
}

void write_panels(const fs::path& folder, Model& model, const SampleSet& samples,
                  const std::vector<std::size_t>& items, const std::vector<ImageScore>& images) {
  constexpr std::size_t kSpread = 8, kExtreme = 4;
  fs::remove_all(folder);
  make_folder(folder);
  const std::size_t shown = std::min(kSpread, items.size());
  for (std::size_t k = 0; k < shown; ++k) {
    const std::size_t item = items[k * items.size() / shown];
    write_png(folder / (panel_name(samples.item(item).id) + ".png"),
              panel_of(*model.network, samples, item));
  }
  std::vector<std::size_t> order;
  for (std::size_t k = 0; k < images.size(); ++k) {
    if (images[k].has_lesion()) order.push_back(k);
  }
  if (order.empty()) return;
  for (const char* part : {"worst", "best"}) fs::create_directory(folder / part);
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return images[a].lesion_dice() < images[b].lesion_dice();
  });
  for (std::size_t rank = 0; rank < std::min(kExtreme, order.size()); ++rank) {
    const auto write = [&](const char* part, std::size_t k) {
      write_png(folder / part / fmt::format("{} {}.png", rank + 1, panel_name(images[k].id)),
                panel_of(*model.network, samples, items[k]));
    };
    write("worst", order[rank]);
    write("best", order[order.size() - 1 - rank]);
  }
}

namespace {

/// scores  null while the run still trains
void write_page(const fs::path& run, const Scoreboard* scores,
                const std::vector<ImageScore>& images) {
  const TrainOptions options = read_config((run / "config.toml").string());
  const Provenance from = read_provenance(run / "run.json");
  Page page;
  page.title = fmt::format("Run {}", run.filename().string());
  page.lines = {"Research software, not for diagnosis."};
  page.add_facts(
      "The run",
      {{"network",
        fmt::format("{}, base width {}, depth {}, {} x {} x {}", options.model, options.base_width,
                    options.depth, options.image, options.image, options.channels)},
       {"losses",
        fmt::format("{}; auxiliary {}", fmt::join(options.losses, " + "), options.auxiliary)},
       {"weighting", options.fusion.weighting},
       {"data", from.data_set},
       {"split", from.split},
       {"seed", fmt::format("{}", options.seed)},
       {"machine", from.machine},
       {"version", from.version + (from.commit.empty() ? "" : ", commit " + from.commit)},
       {"command", from.command}});
  if (scores != nullptr) {
    page.add_scoreboard(fmt::format("Test scores ({}, best.safetensors)", from.split), *scores);
  }
  add_run_curves(page, run, options);
  if (scores != nullptr) {
    std::map<std::string, double> dice;
    for (const ImageScore& image : images) dice[panel_name(image.id)] = image.lesion_dice();
    add_panels(page, "Worst cases", run / "panels/worst", dice);
    add_panels(page, "Best cases", run / "panels/best", dice);
    add_panels(page, "Test images, evenly spread", run / "panels", dice);
  }
  write_file_atomically(run / "report.html", page.html());
}

}  // namespace

void write_run_page(const fs::path& run) {
  write_page(run, nullptr, {});
}

void write_run_page(const fs::path& run, const Scoreboard& scores,
                    const std::vector<ImageScore>& images) {
  write_page(run, &scores, images);
}

}  // namespace dmf
