#include "apps/report/run_results.h"

#include <fmt/format.h>

#include <functional>

#include "apps/evaluation/evaluation.h"
#include "apps/evaluation/per_image.h"
#include "apps/files/folders.h"
#include "apps/report/headline.h"
#include "apps/report/image_section.h"
#include "apps/report/model_card.h"
#include "apps/report/run_report.h"
#include "apps/run/provenance.h"
#include "apps/run/run_files.h"
#include "apps/run/run_folder.h"
#include "apps/support/call.h"
#include "apps/support/console.h"
#include "apps/support/progress.h"
#include "apps/support/signals.h"
#include "engine/core/check.h"
#include "engine/io/atomic_file.h"
#include "engine/io/hash.h"

namespace dmf {
namespace {

namespace fs = std::filesystem;

constexpr std::uintmax_t kLargestText = std::uintmax_t{1} << 28;
constexpr std::size_t kMostPictures = 1000;  // of more test images evenly spread ones are drawn

/// Does what the run is complete without.
///
/// return  whether it was done
template <class Task>
bool or_warn(const fs::path& folder, const std::string& what, const Task& task) {
  try {
    task();
    return true;
  } catch (const Interrupted&) {
    throw;
  } catch (const std::exception& problem) {
    warn_of_missing(folder, what, problem);
    return false;
  }
}

/// A file that somebody else put where a panel belongs stays.
void write_file(const fs::path& folder, const std::string& name, const std::string& bytes,
                const std::map<std::string, std::string>& former) {
  const fs::path path = folder / name;
  if (name.starts_with("panels/") && fs::exists(path) && !is_recorded(folder, name, former)) {
    DMF_CHECK(read_file(path, kLargestText) == bytes, IoError,
              "[run] {} was not written by this run and is left as it is.", path.string());
    return;
  }
  make_folder(path.parent_path());
  write_file_atomically(path, bytes);
}

}  // namespace

void write_results(const fs::path& folder, Model& model, const RunData& data,
                   const TrainOptions& options, const std::string& split) {
  const auto stop_if_asked = [&folder] { stop_scoring_if_asked(folder); };
  stop_if_asked();
  EvaluationOptions how;
  how.batch = options.batch;
  const bool at_original = options.score_at == ScoredSize::original;
  if (at_original) how.at_original = &model.preprocess;
  how.observer = [&](const Variable<float>&, const Batch&) { stop_if_asked(); };
  std::vector<TestPicture> pictures;
  bool drawable = true;
  const std::size_t every = (data.split.test.size() + kMostPictures - 1) / kMostPictures;
  std::size_t seen = 0;
  how.on_found = [&](std::size_t item, const Image& found) {
    if (!drawable || seen++ % every != 0) return;
    drawable = or_warn(folder, "the test images cannot be drawn", [&] {
      pictures.push_back(
          picture_of(data.samples, item, found, model.inference, data.split.test.size() / every));
    });
    if (!drawable) pictures.clear();
  };
  CountBar bar;
  how.on_progress = std::ref(bar);
  const Evaluation evaluation = evaluate(model.predictor(), data.samples, data.split.test, how);
  stop_if_asked();
  Scoreboard scores = make_scoreboard(evaluation.images, {.convention = options.convention});
  scores.reliability = evaluation.reliability;
  say("\n" + headline_lines(scores));
  say_lines(fmt::format("scores    all are in report.html and metrics.json; {} --run {}\n",
                        command_of("evaluate"), shell_word(folder.string())));

  std::map<std::string, std::string> files;  // by their paths in the folder
  for (TestPicture& picture : pictures) {
    files[panel_path(picture.id)] = std::move(picture.panel);
  }
  files["per_image.csv"] = per_image_csv(evaluation.images);
  Provenance from = read_provenance(folder / "run.json");
  const std::map<std::string, std::string> former = from.files;
  from.files.clear();
  add_warnings(from, warnings_given());
  files["MODEL_CARD.md"] = model_card(model, options, from, scores, evaluation.images);
  for (const char* table : {"split.csv", "steps.csv", "epochs.csv"}) {
    from.files[table] = hash_of(read_file(folder / table, kLargestText));
  }
  for (const auto& [name, bytes] : files) from.files[name] = hash_of(bytes);
  remove_recorded(folder, former, from.files);
  write_provenance(folder / "run.json", from);  // before the files: it tells them from others'
  for (const auto& [name, bytes] : files) {
    or_warn(folder, "one file less in the run folder",
            [&, &name = name, &bytes = bytes] { write_file(folder, name, bytes, former); });
  }
  or_warn(folder, "no page", [&] { write_run_page(folder, scores, evaluation.images, pictures); });
  write_file_atomically(
      folder / "metrics.json",
      metrics_json(scores, name_of(kScoredSizes, options.score_at), "test", split, model.run));
}

}  // namespace dmf
