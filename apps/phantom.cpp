#include <fmt/format.h>

#include <filesystem>

#include "apps/data/files.h"
#include "apps/image/phantom.h"
#include "apps/support/option_values.h"
#include "apps/support/program.h"
#include "engine/core/parallel.h"

namespace {

void write_phantom(const std::filesystem::path& folder, dmf::PhantomKind kind, int size, int number,
                   std::uint64_t seed) {
  const dmf::Sample sample = dmf::make_phantom(kind, size, seed);
  const std::string name = dmf::phantom_kind_name(kind);
  const std::string stem = fmt::format("{} ({})", name, number);
  std::vector<std::uint8_t> pixels, mask;
  for (const float p : sample.image.pixels) pixels.push_back(dmf::to_byte(p));
  for (const std::int32_t label : sample.labels.labels) {
    mask.push_back(static_cast<std::uint8_t>(255 * label));
  }
  dmf::write_png(folder / name / (stem + ".png"), size, size, 1, pixels);
  dmf::write_png(folder / name / (stem + "_mask.png"), size, size, 1, mask);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app(
      "Simulates breast-ultrasound images with their masks, in the layout of the BUSI archive.",
      "phantom");
  std::string out;
  int benign = 120, malignant = 120, normal = 0, size = 128;
  std::uint64_t seed = 1;
  app.add_option("--out", out, "Folder to write to")->check(dmf::not_empty())->required();
  const std::string group = "Options";
  const CLI::Validator count = dmf::whole_number(0, 100000);
  dmf::add_value(app, group, "--benign", benign, "Images with a benign lesion")->check(count);
  dmf::add_value(app, group, "--malignant", malignant, "Images with a malignant lesion")
      ->check(count);
  dmf::add_value(app, group, "--normal", normal, "Images without a lesion")->check(count);
  dmf::add_value(app, group, "--size", size, "Height and width in pixels")
      ->check(dmf::whole_number(32, 1024));
  dmf::add_value(app, group, "--seed", seed, "The same seed gives the same images");
  dmf::add_threads_option(app);
  return dmf::run_program(app, argc, argv, [&] {
    const std::filesystem::path folder = out;
    for (const auto& [kind, images] : {std::pair(dmf::PhantomKind::benign, benign),
                                       std::pair(dmf::PhantomKind::malignant, malignant),
                                       std::pair(dmf::PhantomKind::normal, normal)}) {
      if (images == 0) continue;
      dmf::make_folder(folder / dmf::phantom_kind_name(kind));
      std::vector<std::exception_ptr> failures(static_cast<std::size_t>(images));
      dmf::parallel_for(images, [&, which = kind](dmf::Index i) {
        try {  // an error must not leave the parallel loop
          const auto stream = 4 * static_cast<std::uint64_t>(i) + static_cast<std::uint64_t>(which);
          write_phantom(folder, which, size, static_cast<int>(i) + 1, (seed << 32) + stream);
        } catch (...) {
          failures[static_cast<std::size_t>(i)] = std::current_exception();
        }
      });
      for (const auto& each : failures) {
        if (each) std::rethrow_exception(each);
      }
    }
    fmt::print("{} phantoms in {}\n", benign + malignant + normal, folder.string());
    return 0;
  });
}
