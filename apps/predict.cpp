#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <atomic>
#include <exception>
#include <nlohmann/json.hpp>
#include <optional>

#include "apps/data/anonymise.h"
#include "apps/evaluation/tiles.h"
#include "apps/files/output_files.h"
#include "apps/prediction/find_images.h"
#include "apps/prediction/polygons.h"
#include "apps/prediction/segment.h"
#include "apps/programs.h"
#include "apps/support/common_options.h"
#include "apps/support/console.h"
#include "apps/support/option_values.h"
#include "apps/support/program.h"
#include "apps/support/progress.h"
#include "apps/support/within_memory.h"
#include "engine/core/check.h"
#include "engine/core/parallel.h"

namespace {

namespace fs = std::filesystem;

struct Options {
  std::string out, polygons;
  std::vector<std::string> models, inputs;
  dmf::SegmentOptions segment;
  bool recursive = false, overwrite = false, list = false, anonymise = false;

  bool labelme() const { return polygons == "labelme"; }
  bool coco() const { return polygons == "coco"; }
  fs::path coco_file() const { return fs::path(out) / "coco.json"; }
  /// No outline of an image may be called so.
  fs::path disagreement_file() const { return fs::path(out) / "disagreement.txt"; }
  /// Of an image's results, a name's endings.
  std::vector<std::string> endings() const {
    std::vector<std::string> all = {"_mask.png", "_probability.png", "_overlay.png"};
    if (segment.disagreement) all.push_back("_disagreement.png");
    if (segment.floats) all.push_back("_probabilities.safetensors");
    if (labelme()) all.push_back(".json");
    return all;
  }
};

fs::path with_ending(fs::path name, const std::string& ending) {
  return name += ending;
}

/// A frame, or one that must not be known by its name.
bool is_renamed(const dmf::ImageToSegment& image) {
  return image.result.filename() != image.path.stem();
}

/// A command line does not tell where models end and images begin: what is no model is an image.
void images_from_models(Options& options) {
  const auto first =
      std::find_if(options.models.begin() + 1, options.models.end(), [](const fs::path& path) {
        return path.extension() != ".safetensors" && !fs::exists(path / "best.safetensors");
      });
  options.inputs.insert(options.inputs.begin(), first, options.models.end());
  options.models.erase(first, options.models.end());
}

void plan(dmf::OutputFiles& outputs, const Options& options,
          const std::vector<dmf::ImageToSegment>& images) {
  std::map<fs::path, fs::path> owner;
  for (const dmf::ImageToSegment& image : images) {
    const auto [other, is_new] = owner.emplace(image.result.lexically_normal(), image.path);
    DMF_CHECK(is_new, ValueError,
              "[predict] {} and {} would have the same results, {}: predict them one after the "
              "other into two folders.",
              other->second.string(), image.path.string(),
              (options.out / with_ending(image.result, "_mask.png")).string());
    for (const std::string& ending : options.endings()) {
      outputs.plan(options.out, with_ending(image.result, ending));
    }
  }
  if (options.coco()) outputs.plan(options.coco_file());
  if (options.segment.disagreement) outputs.plan(options.disagreement_file());
  outputs.begin();
}

/// Segments images, several at a time.
class Prediction {
 public:
  Prediction(const Options& options, dmf::Model model, dmf::OutputFiles& outputs)
      : options_(options),
        model_(std::move(model)),
        outputs_(outputs),
        names_(dmf::label_names(static_cast<int>(model_.classes()))),
        coco_(names_) {}

  /// return  the images that could not be segmented
  std::vector<std::string> run(const std::vector<dmf::ImageToSegment>& images) {
    std::vector<std::string> failed;
    const std::size_t group = at_a_time(images.size());
    for (std::size_t first = 0; first < images.size(); first += group) {
      const std::size_t count = std::min(group, images.size() - first);
      std::vector<dmf::Segmented> found(count);
      std::atomic<std::size_t> begun = first;
      const std::vector<std::exception_ptr> errors =
          dmf::parallel_try(static_cast<dmf::Index>(count), [&](dmf::Index index) {
            progress_("images segmented", begun++, images.size());
            const auto k = static_cast<std::size_t>(index);
            found[k] = segmented(images[first + k]);
          });
      for (std::size_t k = 0; k < count; ++k) {
        finish(images[first + k], std::move(found[k]), errors[k], failed);
      }
    }
    progress_.clear();
    dmf::print_json(told_.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
    if (options_.coco()) outputs_.write(options_.coco_file(), coco_.json());
    if (options_.segment.disagreement) {
      outputs_.write(options_.disagreement_file(), dmf::disagreement_text(model_));
    }
    return failed;
  }

 private:
  struct Results {
    std::vector<std::pair<fs::path, std::string>> files;
    std::string line;     // what --list prints
    double lesion = 0.0;  // its share of the pixels
  };

  /// How many images are segmented before their results are written. Where each core has one to
  /// itself, none waits for another; windows of a large image are shared among all cores.
  std::size_t at_a_time(std::size_t images) const {
    constexpr std::size_t kEach = 8;  // a core that is done early has another
    const auto threads = static_cast<std::size_t>(dmf::num_threads());
    const bool alone = images < threads || options_.segment.tiles != 0.0 ||
                       !model_.members.front()->device().is_cpu();
    return alone ? 1 : kEach * threads;
  }

  dmf::Segmented segmented(const dmf::ImageToSegment& image) const {
    return dmf::segment(model_, image.path, image.frame, options_.segment);
  }

  /// Writes what was found, or says why there is nothing: what stops one image does not stop the
  /// others, but a result that cannot be written does.
  void finish(const dmf::ImageToSegment& image, dmf::Segmented found,
              const std::exception_ptr& error, std::vector<std::string>& failed) {
    const std::string path = image.path.string();
    std::optional<Results> results;
    std::string problem;
    try {
      results = dmf::within_memory("while segmenting " + path,
                                   "It has to be scaled down or cut to be segmented here", [&] {
                                     // Several at a time may be what was too much.
                                     if (dmf::is_lack_of_memory(error)) {
                                       found = segmented(image);
                                     } else if (error) {
                                       std::rethrow_exception(error);
                                     }
                                     return results_of(image, std::move(found));
                                   });
    } catch (const dmf::IoError& refused) {
      problem = refused.what();
    } catch (const dmf::NotEnoughMemory& lack) {
      problem = lack.what();
    }
    if (results) {
      outputs_.write(results->files);
      if (options_.list) progress_.line(results->line);
      told_.push_back(
          {{"image", path}, {"result", image.result.string()}, {"lesion", results->lesion}});
    } else {
      progress_.problem("predict: " + problem);
      told_.push_back({{"image", path}, {"problem", problem}});
      failed.push_back(path);
    }
  }

  /// Takes an image for the COCO file, too.
  Results results_of(const dmf::ImageToSegment& image, dmf::Segmented result) {
    for (const std::string& warning : result.warnings) {
      progress_.problem(fmt::format("warning: {} {}", image.path.string(), warning));
    }
    const fs::path target = options_.out / image.result;
    if (options_.labelme() || options_.coco()) {
      // LabelMe looks for the image from where its file is; COCO's readers from the images' folder.
      const fs::path lies = fs::weakly_canonical(fs::absolute(image.path).parent_path());
      const fs::path from = fs::weakly_canonical(fs::absolute(target).parent_path());
      fs::path file = image.path.filename();
      // COCO knows no frames, so that each needs a name; a neutral one has no other.
      if (options_.anonymise || (options_.coco() && is_renamed(image))) {
        file = image.result.filename();
        file += image.path.extension();
      }
      const dmf::AnnotatedImage annotated{
          options_.anonymise ? file.string()
          : options_.coco()  ? (image.result.parent_path() / file).generic_string()
                             : (lies / file).lexically_relative(from).generic_string(),
          result.labels.height, result.labels.width, dmf::regions_of(result.labels)};
      if (options_.coco()) coco_.add(annotated);
      if (options_.labelme()) result.files[".json"] = dmf::labelme_json(annotated, names_);
    }
    Results results;
    for (auto& [ending, bytes] : result.files) {
      results.files.emplace_back(with_ending(target, ending), std::move(bytes));
    }
    results.lesion = result.lesion_share;
    results.line = fmt::format("{}{}: lesion {:.2f} % of the pixels", image.path.string(),
                               is_renamed(image) ? " as " + image.result.string() : "",
                               100.0 * result.lesion_share);
    return results;
  }

  const Options& options_;
  dmf::Model model_;
  dmf::OutputFiles& outputs_;
  std::vector<std::string> names_;
  dmf::CocoFile coco_;
  dmf::CountBar progress_;
  nlohmann::ordered_json told_ = nlohmann::ordered_json::array();  // an object an image
};

/// The last lines: how many images, which not, and what was left out of the folders.
std::string summary(std::size_t images, const std::vector<std::string>& failed,
                    const std::vector<std::string>& left_out, const std::string& out) {
  constexpr std::size_t kNamed = 5;
  std::string text =
      fmt::format("{} of {} images segmented into {}", images - failed.size(), images, out);
  if (!failed.empty()) {
    const std::vector<std::string> named(
        failed.begin(),
        failed.begin() + static_cast<std::ptrdiff_t>(std::min(kNamed, failed.size())));
    text += fmt::format("; not {}", fmt::join(named, ", "));
    if (failed.size() > kNamed) text += fmt::format(" and {} more", failed.size() - kNamed);
  }
  if (!left_out.empty()) text += fmt::format("; left out: {}", fmt::join(left_out, ", "));
  return text + "\n";
}

}  // namespace

int dmf::predict_program(const Call& call) {
  CLI::App app(
      "Segments images with a trained network: for each a mask, a probability map and an overlay "
      "as PNG, at the image's own size; of a photograph that is to be turned (EXIF), upright; of a "
      "DICOM each frame, NAME_frame1 and so on. Files that predict did not write are never replaced. Research software, not for diagnosis.",
      "predict");
  Options options;
  app.add_option("--model", options.models,
                 "Run folder, or a model file; of several, which make an ensemble, the mean of the "
                 "probabilities")
      ->check(dmf::not_empty())
      ->type_name("MODEL...")
      ->required();
  app.add_option("--out", options.out, "Folder for the results")
      ->check(dmf::not_empty())
      ->required();
  app.add_flag("--overwrite", options.overwrite,
               "Replace what an earlier predict wrote there, unless it was changed since");
  app.add_flag("--recursive", options.recursive,
               "Sub-folders of the folders given too; results lie in sub-folders alike");
  app.add_option("--polygons", options.polygons,
                 "Also outlines to correct, along the pixels' edges: labelme (NAME.json; a hole is "
                 "joined to the outline by a seam) or coco (one coco.json; run lengths where there "
                 "are holes)")
      ->check(dmf::one_of({"labelme", "coco"}));
  dmf::add_value(app, "Options", "--tiles", options.segment.tiles, dmf::kTilesHelp)
      ->check(dmf::number_in(dmf::kTileScales));
  app.add_flag("--disagreement", options.segment.disagreement,
               "Also of one model how far its looks at an image, mirrored or larger, differ, "
               "NAME_disagreement.png, as an ensemble has it of its members; disagreement.txt says "
               "what its greys are");
  app.add_flag("--floats", options.segment.floats,
               "Also the probabilities of every class as they are, NAME_probabilities.safetensors");
  app.add_flag("--list", options.list, "Print a line an image");
  app.add_flag("--anonymise", options.anonymise,
               "Call results by neutral names, not their images'; --list says which is which");
  app.add_option("images", options.inputs, "Images, or folders of images");
  app.final_callback([&] {
    images_from_models(options);
    if (options.inputs.empty()) throw CLI::RequiredError("images");
  });
  dmf::DeviceChoice where;
  dmf::add_device_options(app, where);
  dmf::add_processor_options(app);
  dmf::add_dry_run_option(app);
  dmf::add_json_option(app);
  return dmf::run_program(app, call, [&] {
    dmf::warn_where_idle(app, "--precision", !where.has_precision(), dmf::kCpuPrecision);
    dmf::Model model = dmf::load_models(options.models, where.compute());
    DMF_CHECK(
        !options.segment.disagreement || model.predictor().opinions() > 1, ValueError,
        "[predict] --disagreement of one network that looks once: expected several models, or "
        "one that averages looks (see --inference of train).");
    // An ensemble's are always told.
    if (model.members.size() > 1) options.segment.disagreement = true;
    dmf::FoundImages found = dmf::find_images(options.inputs, options.recursive);
    for (dmf::ImageToSegment& image : found.images) {
      if (options.anonymise) image.result = dmf::neutral_name(image.result.generic_string());
    }
    std::vector<fs::path> inputs;
    for (const fs::path path : options.models) {
      inputs.insert(inputs.end(), {path, path / "best.safetensors"});
    }
    for (const dmf::ImageToSegment& image : found.images) inputs.push_back(image.path);
    dmf::OutputFiles outputs({"predict", options.overwrite, "--out", std::move(inputs)});
    plan(outputs, options, found.images);
    dmf::end_dry_run(fmt::format("segment {} images into {}", found.images.size(), options.out));
    const std::vector<std::string> failed =
        Prediction(options, std::move(model), outputs).run(found.images);
    dmf::say_lines(summary(found.images.size(), failed, found.left_out, options.out));
    return failed.empty() ? 0 : 1;
  });
}
