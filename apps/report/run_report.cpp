#include "apps/report/run_report.h"

#include <fmt/format.h>

#include "apps/options/config_file.h"
#include "apps/page/html.h"
#include "apps/page/page.h"
#include "apps/report/headline.h"
#include "apps/report/image_section.h"
#include "apps/report/memory_figure.h"
#include "apps/report/network_figure.h"
#include "apps/report/run_curves.h"
#include "apps/report/score_tables.h"
#include "apps/run/provenance.h"
#include "apps/support/console.h"
#include "apps/support/option_values.h"
#include "engine/io/atomic_file.h"

namespace dmf {

namespace fs = std::filesystem;

std::string metrics_json(const Scoreboard& scoreboard, const std::string& at,
                         const std::string& part, const std::string& split,
                         const std::string& run) {
  Json json = {{"part", part}, {"split", split}, {"at", at}};
  if (!run.empty()) json["run"] = run;
  if (const Estimate* dice = scoreboard.find("per_image", "dice", "lesion")) {
    json["headline"] = {{"metric", "lesion Dice, mean over images with a lesion"},
                        {"value", dice->value},
                        {"low", dice->low},
                        {"high", dice->high},
                        {"images_with_lesion", scoreboard.with_lesion},
                        {"missed_lesions", scoreboard.missed}};
  }
  json.update(scoreboard.to_json());
  return json.dump(2) + "\n";
}

namespace {

/// What was trained, how and on what, for the line under the title.
std::string one_line(const TrainOptions& options, const Provenance& from) {
  return fmt::format(
      "{} at {} x {} · {} weighted by {}{} · {}", options.model, options.data.preprocess.size,
      options.data.preprocess.size, fmt::join(options.losses, " + "), options.fusion.weighting,
      options.auxiliary == "none" ? "" : ", auxiliary " + options.auxiliary, from.split);
}

std::vector<std::pair<std::string, std::string>> facts_of(const TrainOptions& options,
                                                          const Provenance& from) {
  const PreprocessSpec& input = options.data.preprocess;
  return {{"network", fmt::format("{}, {}, {} x {} x {}", options.model,
                                  settings_text(options.network_spec().settings), input.size,
                                  input.size, input.channels)},
          {"losses",
           fmt::format("{}; auxiliary {}", fmt::join(options.losses, " + "), options.auxiliary)},
          {"weighting", options.fusion.weighting},
          {"data", from.data_set},
          {"split", from.split},
          {"seed", fmt::format("{}", options.seed)},
          {"machine", from.machine},
          {"version", from.version + (from.commit.empty() ? "" : ", commit " + from.commit)},
          {"command", from.command},
          {"run", from.id}};
}

constexpr int kReloadSeconds = 30;  // of the page of a run that trains

/// scores  null while the run still trains
void write_page(const fs::path& run, const Scoreboard* scores,
                const std::vector<ImageScore>& images, const std::vector<TestPicture>& pictures) {
  const TrainOptions options = read_config((run / "config.toml").string());
  Provenance from = read_provenance(run / "run.json");
  add_warnings(from, warnings_given());
  Page page;
  page.title = fmt::format("{} on {}", run.filename().string(), from.data_set);
  page.badge = badge_of(from);
  page.lines = {one_line(options, from), "Research software, not for diagnosis."};
  if (scores == nullptr) page.reload_seconds = kReloadSeconds;
  add_headline(page, scores, from);
  if (scores != nullptr) {
    add_images(page, images, pictures);
    add_scores(page, *scores);
    if (scores->reliability.pixels() > 0) add_reliability(page, scores->reliability);
  }
  const CsvTable steps = read_csv(run / "steps.csv");
  add_memory(page, steps, options, scores != nullptr);
  add_run_curves(page, steps, read_csv(run / "epochs.csv"), options);
  if (scores != nullptr) add_network(page, options);
  page.add("Where it comes from", "", facts_html(facts_of(options, from)));
  write_file_atomically(run / "report.html", page.html());
}

}  // namespace

void write_run_page(const fs::path& run) {
  write_page(run, nullptr, {}, {});
}

void write_run_page(const fs::path& run, const Scoreboard& scores,
                    const std::vector<ImageScore>& images,
                    const std::vector<TestPicture>& pictures) {
  write_page(run, &scores, images, pictures);
}

}  // namespace dmf
