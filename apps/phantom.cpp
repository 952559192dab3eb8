#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "apps/data/layouts/dataset.h"
#include "apps/data/phantom.h"
#include "apps/files/output_files.h"
#include "apps/image/codecs/image_file.h"
#include "apps/programs.h"
#include "apps/support/common_options.h"
#include "apps/support/option_values.h"
#include "apps/support/program.h"
#include "apps/support/version.h"
#include "apps/support/within_memory.h"
#include "engine/core/parallel.h"

namespace {

namespace fs = std::filesystem;

/// "benign/benign (1)", without an ending.
fs::path phantom_name(dmf::PhantomKind kind, int number) {
  const std::string name = dmf::phantom_kind_name(kind);
  return fs::path(name) / fmt::format("{} ({})", name, number);
}

fs::path image_of(const fs::path& phantom) {
  return phantom.string() + ".png";
}

fs::path mask_of(const fs::path& phantom) {
  return phantom.string() + "_mask.png";
}

void write_phantom(dmf::OutputFiles& outputs, const fs::path& phantom, dmf::PhantomKind kind,
                   int size, std::uint64_t seed) {
  const dmf::Sample sample = dmf::make_phantom(kind, size, seed);
  std::vector<std::uint8_t> pixels, mask;
  for (const float p : sample.image.pixels) pixels.push_back(dmf::to_byte(p));
  for (const std::int32_t label : sample.labels.labels) {
    mask.push_back(static_cast<std::uint8_t>(255 * label));
  }
  outputs.write({{image_of(phantom), dmf::encode_png(size, size, 1, pixels)},
                 {mask_of(phantom), dmf::encode_png(size, size, 1, mask)}});
}

}  // namespace

int dmf::phantom_program(const Call& call) {
  CLI::App app(
      "Simulates breast-ultrasound images with their masks, in the layout of the BUSI archive.",
      "phantom");
  std::string out;
  int benign = 120, malignant = 120, normal = 0, size = 128;
  std::uint64_t seed = 1;
  app.add_option("--out", out, "Folder to write to, empty or not there yet")
      ->check(dmf::not_empty())
      ->required();
  bool overwrite = false;
  app.add_flag("--overwrite", overwrite,
               "Replace the phantoms that an earlier run wrote there, if nothing else is there and "
               "none was changed since");
  const std::string group = "Options";
  const CLI::Validator count = dmf::whole_number(0, 100000);
  dmf::add_value(app, group, "--benign", benign, "Images with a benign lesion")->check(count);
  dmf::add_value(app, group, "--malignant", malignant, "Images with a malignant lesion")
      ->check(count);
  dmf::add_value(app, group, "--normal", normal, "Images without a lesion")->check(count);
  dmf::add_value(app, group, "--size", size, "Height and width in pixels")
      ->check(dmf::whole_number(32, 1024));
  dmf::add_value(app, group, "--seed", seed, "The same seed gives the same images");
  dmf::add_processor_options(app);
  dmf::add_dry_run_option(app);
  dmf::add_json_option(app);
  return dmf::run_program(app, call, [&] {
    const fs::path folder = out;
    const auto kinds = {std::pair(dmf::PhantomKind::benign, benign),
                        std::pair(dmf::PhantomKind::malignant, malignant),
                        std::pair(dmf::PhantomKind::normal, normal)};
    dmf::OutputFiles outputs({"phantom", overwrite, "--out", {}});
    outputs.plan_whole(folder);  // images of two runs, or of a person, would be one data set
    for (const auto& [kind, images] : kinds) {
      for (int i = 1; i <= images; ++i) {
        outputs.plan(folder, image_of(phantom_name(kind, i)));
        outputs.plan(folder, mask_of(phantom_name(kind, i)));
      }
    }
    outputs.plan(folder, dmf::kPhantomRecord);
    outputs.begin();
    dmf::end_dry_run(
        fmt::format("write {} phantoms into {}", benign + malignant + normal, folder.string()));
    const nlohmann::ordered_json record = {
        {"simulated", true}, {"program", fmt::format("phantom {}", dmf::kVersion)},
        {"benign", benign},  {"malignant", malignant},
        {"normal", normal},  {"size", size},
        {"seed", seed}};
    outputs.write(folder / dmf::kPhantomRecord, record.dump(2) + "\n");
    for (const auto& [kind, images] : kinds) {
      const auto errors = dmf::parallel_try(images, [&, which = kind](dmf::Index i) {
        const auto stream = 4 * static_cast<std::uint64_t>(i) + static_cast<std::uint64_t>(which);
        write_phantom(outputs, folder / phantom_name(which, static_cast<int>(i) + 1), which, size,
                      (seed << 32) + stream);
      });
      dmf::within_memory(fmt::format("while simulating images of {0} x {0} pixels", size),
                         "A smaller --size or fewer --threads need less",
                         [&] { dmf::rethrow_first(errors); });
    }
    dmf::print_json(record.dump(2));
    fmt::print("{} phantoms in {}\n", benign + malignant + normal, folder.string());
    return 0;
  });
}
