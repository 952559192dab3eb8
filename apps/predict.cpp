#include <fmt/format.h>

#include <algorithm>

#include "apps/data/files.h"
#include "apps/report/panels.h"
#include "apps/support/option_values.h"
#include "apps/support/program.h"
#include "apps/training/evaluation.h"
#include "apps/training/model_file.h"
#include "engine/core/check.h"
#include "engine/io/safetensors.h"

namespace {

namespace fs = std::filesystem;

/// Writes NAME_mask.png, NAME_probability.png and NAME_overlay.png at the image's own size.
///
/// floats  also NAME_probabilities.safetensors: tensor probabilities [H, W, K]
/// return  share of the pixels that are lesion
double predict_one(dmf::Model& model, const fs::path& path, const fs::path& out, bool floats) {
  const dmf::RawImage raw = dmf::read_image(path);
  const dmf::Sample sample{dmf::preprocess(raw, model.preprocess),
                           dmf::LabelMap(model.preprocess.size, model.preprocess.size)};
  const auto logits = dmf::evaluation_logits(*model.network, dmf::make_batch({sample}, {0}).images);
  const dmf::Image scores = dmf::restore_size(dmf::to_probabilities(logits).front(),
                                              model.preprocess, raw.height, raw.width);
  const dmf::LabelMap labels = dmf::likeliest(scores);
  std::vector<std::uint8_t> mask, probability;
  for (std::size_t i = 0; i < labels.labels.size(); ++i) {
    const std::int32_t label = labels.labels[i];
    mask.push_back(static_cast<std::uint8_t>(scores.channels == 2 ? 255 * label : label));
    const float background = scores.pixels[i * static_cast<std::size_t>(scores.channels)];
    probability.push_back(dmf::to_byte(1.0f - background));
  }
  const std::string name = path.stem().string();
  dmf::write_png(out / (name + "_mask.png"), raw.height, raw.width, 1, mask);
  dmf::write_png(out / (name + "_probability.png"), raw.height, raw.width, 1, probability);
  dmf::write_png(out / (name + "_overlay.png"),
                 dmf::overlay(dmf::to_intensities(raw, raw.channels >= 3 ? 3 : 1), labels));
  if (floats) {
    dmf::Safetensors file;
    file.set("probabilities",
             dmf::Tensor<float>::from(scores.pixels,
                                      dmf::Shape{scores.height, scores.width, scores.channels}));
    dmf::write_safetensors(out / (name + "_probabilities.safetensors"), file);
  }
  const auto lesion = std::count_if(labels.labels.begin(), labels.labels.end(),
                                    [](std::int32_t label) { return label > 0; });
  return static_cast<double>(lesion) / static_cast<double>(labels.labels.size());
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app(
      "Segments images with a trained network: for each, a mask, a probability map and an overlay "
      "as "
      "PNG, at the image's own size. Research software, not for diagnosis.",
      "predict");
  std::string model_path, out;
  std::vector<std::string> inputs;
  app.add_option("--model", model_path, "Run folder, or a model file")
      ->check(dmf::not_empty())
      ->required();
  app.add_option("--out", out, "Folder for the results")->check(dmf::not_empty())->required();
  bool floats = false;
  app.add_flag("--floats", floats,
               "Also the probabilities of every class as they are, NAME_probabilities.safetensors");
  app.add_option("images", inputs, "Images, or folders of images")->required();
  dmf::DeviceChoice where;
  dmf::add_device_options(app, where);
  dmf::add_threads_option(app);
  return dmf::run_program(app, argc, argv, [&] {
    dmf::Model model = dmf::load_model(model_path, where.open());
    const auto [images, unused] = dmf::files_of(inputs, 1, dmf::is_image_path, "images");
    std::vector<std::string> names;
    for (const fs::path& image : images) names.push_back(image.stem().string());
    std::sort(names.begin(), names.end());
    const auto twice = std::adjacent_find(names.begin(), names.end());
    DMF_CHECK(twice == names.end(), ValueError,
              "[predict] two images are named '{}': their results would overwrite each other.",
              *twice);
    dmf::make_folder(out);
    std::size_t failed = 0;
    for (const fs::path& image : images) {
      try {
        fmt::print("{}: lesion {:.2f} % of the pixels\n", image.string(),
                   100.0 * predict_one(model, image, out, floats));
      } catch (const dmf::IoError& problem) {  // the others are still worth predicting
        fmt::print(stderr, "predict: {}\n", problem.what());
        ++failed;
      }
    }
    if (!unused.empty()) fmt::print("{}\n", dmf::describe_unused(unused));
    fmt::print("{} of {} images segmented into {}\n", images.size() - failed, images.size(), out);
    return failed == 0 ? 0 : 1;
  });
}
