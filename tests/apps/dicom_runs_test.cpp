#include <doctest/doctest.h>
#include <fmt/format.h>

#include <map>
#include <random>
#include <regex>
#include <set>

#include "apps/evaluation/per_image.h"
#include "apps/evaluation/scoreboard.h"
#include "apps/files/csv.h"
#include "tests/support/dicom_files.h"
#include "tests/support/folder_snapshot.h"
#include "tests/support/programs.h"
#include "tests/support/random_drawing.h"

// Runs on DICOM files: patients on one side, millimetres, frames, and nothing else of the headers.

namespace dmf {
namespace {

namespace fs = std::filesystem;

constexpr int kPatients = 7, kHeight = 24, kWidth = 40;

Drawing noise(std::mt19937& random, bool mask) {
  Drawing d{kHeight, kWidth, 1, 8, {}};
  const int top = number(random, 2, 8), left = number(random, 2, 16);
  for (int h = 0; h < kHeight; ++h) {
    for (int w = 0; w < kWidth; ++w) {
      const bool lesion = h >= top && h < top + 12 && w >= left && w < left + 16;
      d.samples.push_back(
          static_cast<std::uint16_t>(mask ? (lesion ? 255 : 0) : number(random, 0, 255)));
    }
  }
  return d;
}

/// A clip of two frames and a still of each patient, and a still of nobody.
void make_dicoms(const fs::path& data, bool one_patient = false) {
  std::mt19937 random(1);
  const auto put = [&](const std::string& name, int frames, const std::string& patient) {
    DicomHeader header;
    header.patient = patient;
    header.person = "Zaphod^Beeblebrox";
    header.spacing = "0.5\\0.25";
    std::vector<Drawing> images, masks;
    for (int k = 0; k < frames; ++k) {
      images.push_back(noise(random, false));
      masks.push_back(noise(random, true));
    }
    write_text(data / "images" / (name + ".dcm"), encode_dicom(images, header));
    write_text(data / "masks" / (name + ".dcm"), encode_dicom(masks, header));
  };
  for (int p = 0; p < kPatients; ++p) {
    const std::string patient = one_patient ? "Prefect-0" : fmt::format("Prefect-{}", p);
    put(fmt::format("{}_still", static_cast<char>('a' + p)), 1, patient);
    put(fmt::format("{}_clip", static_cast<char>('a' + p)), 2, patient);
  }
  if (!one_patient) put("z_still", 1, "");
}

}  // namespace

TEST_CASE("dicom runs: a patient stays on one side, distances in millimetres, no name anywhere") {
  const TemporaryFolder folder;
  const fs::path data = folder / "data", out = folder / "out";
  make_dicoms(data);
  fs::create_directory(out);
  std::string texts;
  const auto done = [&](const std::string& command) {
    const Outcome outcome = run(command);
    CHECK_MESSAGE(outcome.code == 0, outcome.text);
    texts += outcome.text;
    return outcome.text;
  };
  const std::string train = "train --data " + quoted(data) + kOneEpoch;
  const std::string said =
      done(train + (DMF_WITH_EVENTS ? "--tensorboard " : "") + "--out " + quoted(out / "run"));
  CHECK_MESSAGE(said.find("patients  7 in 21 images, by the DICOM files' PatientID: each stays on "
                          "one side; 1 image without: each by itself\n") != std::string::npos,
                said);
  CHECK(said.find("random split, groups by PatientID, seed 1") != std::string::npos);
  CHECK(std::regex_search(said, std::regex("95 % Hausdorff [0-9.]+ mm\n")));
  const CsvTable split = read_csv(out / "run/split.csv");
  CHECK(split.rows.size() == 22);
  std::map<char, std::set<std::string>> parts;
  for (std::size_t row = 0; row < split.rows.size(); ++row) {
    parts[split.text(row, "id").front()].insert(split.text(row, "part"));
  }
  CHECK(parts.size() == kPatients + 1);
  for (const auto& each : parts) CHECK(each.second.size() == 1);
  CHECK(read_text(out / "run/run.json").find("groups by PatientID") != std::string::npos);

  // 24 x 40 pixels of 0.5 x 0.25 mm; as 32 x 32 they are 0.375 and 0.3125 mm apart.
  for (const char* at : {"original", "network"}) {
    done("evaluate --run " + quoted(out / "run") + " --part all --at " + at + " --csv " +
         quoted(out / (std::string(at) + ".csv")));
    for (const ImageScore& image : read_per_image_csv(out / (std::string(at) + ".csv"))) {
      REQUIRE(image.millimetres.has_value());
      const bool own = std::string(at) == "original";
      const double row = own ? 0.5 : 0.375, column = own ? 0.25 : 0.3125;
      CHECK(image.millimetres->hd95 <= std::max(row, column) * image.surface.hd95 + 1e-9);
      CHECK(image.millimetres->hd95 >= std::min(row, column) * image.surface.hd95 - 1e-9);
      if (image.predicted_lesion()) continue;
      CHECK(image.millimetres->hd95 == doctest::Approx(std::hypot(12.0, 10.0)));
    }
  }
  done("inspect --data " + quoted(data) + " --out " + quoted(out / "page.html"));
  CHECK(read_text(out / "page.html").find("patients  7 in 21 images") != std::string::npos);
  done("predict --model " + quoted(out / "run") + " --polygons coco --floats --out " +
       quoted(out / "masks") + " " + quoted(data / "images"));
  for (const char* name : {"a_clip_frame1", "a_clip_frame2", "a_still", "z_still"}) {
    CHECK(fs::exists(out / "masks" / (std::string(name) + "_mask.png")));
  }
  CHECK_FALSE(fs::exists(out / "masks/a_clip_mask.png"));
  CHECK(read_text(out / "masks/coco.json").find("a_clip_frame1.dcm") != std::string::npos);
  // The frames are not the same picture.
  CHECK(read_text(out / "masks/a_clip_frame1_overlay.png") !=
        read_text(out / "masks/a_clip_frame2_overlay.png"));

  for (const auto& [name, content] : snapshot(out)) texts += name + content;
  for (const char* secret : {"Zaphod", "Beeblebrox", "Prefect"}) {
    CHECK_MESSAGE(texts.find(secret) == std::string::npos, std::string(secret));
  }
}

TEST_CASE("dicom runs: a table or pattern goes before PatientID, and one id for all is no riddle") {
  const TemporaryFolder folder;
  make_dicoms(folder / "data", true);
  const std::string train = "train --data " + quoted(folder / "data") + kOneEpoch;
  is_one_error_line(run(train + "--out " + quoted(folder / "1")), 1,
                    "[split] the 21 images are of 1 patient, as the DICOM files' PatientID says");
  CHECK_FALSE(fs::exists(folder / "1"));
  const Outcome own = run(train + "--group-by '.*' --out " + quoted(folder / "2"));
  REQUIRE_MESSAGE(own.code == 0, own.text);
  CHECK(own.text.find("not used, as --group-by says who belongs together") != std::string::npos);
  const CsvTable split = read_csv(folder / "2/split.csv");
  std::map<std::string, std::string> parts;
  for (std::size_t row = 0; row < split.rows.size(); ++row) {
    parts[split.text(row, "id")] = split.text(row, "part");
  }
  for (char p = 'a'; p < 'a' + kPatients; ++p) {  // a file's frames stay together
    const std::string clip = fmt::format("{}_clip_frame", p);
    CHECK(parts.at(clip + "1") == parts.at(clip + "2"));
  }
}

}  // namespace dmf
