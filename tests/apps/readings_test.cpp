#include <doctest/doctest.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <sstream>

#include "apps/data/samples.h"
#include "engine/core/check.h"
#include "engine/core/parallel.h"
#include "tests/support/annotation_files.h"
#include "tests/support/dataset_layouts.h"
#include "tests/support/drawn_dataset.h"
#include "tests/support/image_files.h"
#include "tests/support/mask_files.h"
#include "tests/support/oriented.h"

// What was drawn is learned as drawn, or refused with the option that settles it: every encoding of
// masks in every layout of folders. apps/data/READINGS.md is the table of what came of it.

namespace dmf {
namespace {

namespace fs = std::filesystem;
using Without = MaskWriting::Without;

const char* const kTable = DMF_SOURCES "/apps/data/READINGS.md";

struct ReadOptions {
  DatasetOptions dataset;
  SampleSetOptions samples;
};

void give(ReadOptions& options, const std::string& option) {
  if (option.starts_with("--exif ")) {
    options.samples.exif = entry_named(kExifs, option.substr(7), "exif").value;
  } else {
    give(options.samples.masks, option);
  }
}

/// A data set in a folder, and of each image the labels that were drawn.
struct WrittenSet {
  std::map<std::string, LabelMap> drawn;  // by the image's path
  int classes = 2;
};

/// What came of reading it.
struct Outcome {
  std::string refusal;  // empty: it was read
  std::string wrong;    // empty: as drawn
};

Outcome read_set(const fs::path& folder, const WrittenSet& set, ReadOptions options) {
  options.samples.preprocess.size = 4;
  try {
    const SampleSet samples(find_dataset(folder, options.dataset), options.samples);
    if (samples.size() != set.drawn.size()) return {"", fmt::format("{} images", samples.size())};
    if (const auto unused = describe_unused(samples.dataset()); !unused.empty())
      return {"", unused};
    if (samples.mask_encoding().classes != set.classes) return {"", "another number of classes"};
    const DataRecord record = samples.record();
    for (std::size_t i = 0; i < samples.size(); ++i) {
      const DatasetItem& item = samples.item(i);
      const LabelMap& drawn = set.drawn.at(item.image.string());
      // Kept planes, the masks alone, and the masks with their image.
      if (record.at(item.id).labels != hash_of_labels(drawn)) return {"", item.id + " (hash)"};
      if (i % 2 == 0 && samples.own_labels(i).labels != drawn.labels) return {"", item.id};
      const auto [image, labels] = samples.own(i);
      if (labels.labels != drawn.labels || labels.height != image.height) {
        return {"", item.id + " (with its image)"};
      }
    }
  } catch (const Error& error) {
    return {error.what(), ""};
  }
  return {};
}

/// Pixels of one label that touch at their sides, from `start` on.
std::vector<std::size_t> lesion_at(const LabelMap& labels, std::size_t start,
                                   std::vector<bool>& visited) {
  const auto W = static_cast<std::size_t>(labels.width), count = labels.labels.size();
  std::vector<std::size_t> lesion = {start};
  visited[start] = true;
  for (std::size_t next = 0; next < lesion.size(); ++next) {
    const std::size_t at = lesion[next];
    const auto reach = [&](bool inside, std::size_t other) {
      if (!inside || visited[other] || labels.labels[other] != labels.labels[start]) return;
      visited[other] = true;
      lesion.push_back(other);
    };
    reach(at % W > 0, at - 1);
    reach((at + 1) % W > 0, at + 1);
    reach(at >= W, at - W);
    reach(at + W < count, at + W);
  }
  return lesion;
}

/// The lesions divided among several masks, some in two of them.
std::vector<LabelMap> parts_of(const LabelMap& labels, std::size_t parts, Rng& rng) {
  std::vector<LabelMap> all(parts, LabelMap(labels.height, labels.width));
  std::vector<bool> visited(labels.labels.size());
  for (std::size_t start = 0; start < visited.size(); ++start) {
    if (visited[start]) continue;
    const std::size_t one = rng.below(parts), two = rng.coin() ? one : rng.below(parts);
    for (const std::size_t at : lesion_at(labels, start, visited)) {
      all[one].labels[at] = all[two].labels[at] = labels.labels[at];
    }
  }
  return all;
}

/// Some files become links to a store, with a name that says nothing.
void link_some(const std::vector<fs::path>& files, const fs::path& store, Rng& rng) {
  fs::create_directories(store);
  for (const fs::path& path : files) {
    if (rng.coin()) continue;
    const fs::path away = store / fmt::format("{:x}", rng.next());
    fs::rename(path, away);
    fs::create_symlink(away, path);
  }
}

WrittenSet write_set(const fs::path& root, const fs::path& store, const WrittenLayout& layout,
                     const MaskFiles& encoding, Rng& rng) {
  WrittenSet set;
  set.classes = encoding.classes;
  const bool odd_case = layout.odd_case && rng.coin();
  std::vector<fs::path> mask_files;
  std::map<fs::path, std::vector<std::pair<std::string, LabelMap>>> listed;  // by COCO's file
  const int count = random_int(rng, 2, 4);
  const int most = rng.coin() ? 1 : layout.most_masks;
  for (int i = 1; i <= count; ++i) {
    const auto tags = encoding.tags ? encoding.tags(rng) : MaskFiles::Tags{};
    const Place place = layout.place(i, random_int(rng, 1, most));
    const LabelMap drawn = encoding.draw(rng, i == 1);  // as the image is meant
    const LabelMap stored = tags.upright ? as_stored(drawn, tags.image) : drawn;
    const ImageFile image = any_image(rng, stored.height, stored.width, tags.image);
    const fs::path path = root / (place.image + image.extension);
    write_text(path, image.bytes);
    set.drawn[path.string()] = drawn;
    if (!encoding.encode) {
      const fs::path of_set = root / layout.set_of(place.image);
      listed[of_set / "annotations/instances.json"].emplace_back(
          rng.coin() ? path.filename().string() : path.lexically_relative(of_set).string(), drawn);
      continue;
    }
    const auto parts = parts_of(drawn, place.masks.size(), rng);
    for (std::size_t k = 0; k < parts.size(); ++k) {
      fs::path mask = root / (place.masks[k] + encoding.extension);
      if (odd_case) {
        mask.replace_filename(in_odd_case(fs::path(place.masks[k]).filename().string(), rng) +
                              encoding.extension);
      }
      const std::string bytes = encoding.encode(as_stored(parts[k], tags.masks), rng);
      write_text(mask, tags.masks == 1 ? bytes : with_exif(bytes, tags.masks, rng.coin()));
      mask_files.push_back(mask);
    }
  }
  for (const auto& [file, images] : listed) write_text(file, coco_of(images, rng).dump());
  if (rng.below(4) == 0) link_some(mask_files, store, rng);
  return set;
}

/// What came of a set, as the table has it.
enum class Cell : char { read = 'r', option = 'o', otherwise = 'd', refused = 'x', wrong = '!' };

/// problem  what is not as it should be; then the cell is wrong
Cell try_set(const fs::path& folder, const WrittenSet& set, const MaskFiles& encoding,
             std::string& problem) {
  const Outcome plain = read_set(folder, set, {});
  const bool is_read = plain.refusal.empty();
  const std::string option = encoding.settles.substr(0, encoding.settles.find(' '));
  Cell cell = Cell::wrong;
  problem = plain.refusal + plain.wrong;
  if (encoding.without == Without::read) {
    if (is_read && plain.wrong.empty()) cell = Cell::read;
    return cell;
  }
  if (encoding.without == Without::other) {
    if (!is_read) return cell;
    cell = Cell::otherwise;
  } else {
    if (is_read || plain.refusal.find('\n') != std::string::npos ||
        plain.refusal.find(folder.string()) == std::string::npos ||
        plain.refusal.find(option) == std::string::npos) {
      return cell;
    }
    if (option.empty()) return Cell::refused;
    cell = Cell::option;
  }
  ReadOptions options;
  give(options, encoding.settles);
  const Outcome settled = read_set(folder, set, options);
  if (settled.refusal.empty() && settled.wrong.empty()) return cell;
  problem = fmt::format("{}: {}{}", encoding.settles, settled.refusal, settled.wrong);
  return Cell::wrong;
}

/// Encodings by layouts, as apps/data/READINGS.md keeps them.
struct Table {
  struct Row {
    std::string format, name, option;
    std::string cells;  // a Cell of each layout, '-' where it was not tried
  };
  std::vector<std::string> layouts;
  std::vector<Row> rows;

  std::string text() const {
    std::string text;
    const Row* above = nullptr;
    for (const Row& row : rows) {
      if (above == nullptr || above->format != row.format) {
        text += fmt::format("\n## {}\n\n| masks | option | {} |\n| --- | --- |", row.format,
                            fmt::join(layouts, " | "));
        for (std::size_t c = 0; c < layouts.size(); ++c) text += " :-: |";
        text += '\n';
      }
      above = &row;
      text += fmt::format("| {} | {} | {} |\n", row.name,
                          row.option.empty() ? "" : "`" + row.option + "`",
                          fmt::join(row.cells, " | "));
    }
    return text;
  }
};

/// The kept table's lines; those of formats that this build lacks are left out.
std::vector<std::string> kept_lines() {
  std::vector<std::string> lines;
  bool is_built = true, in_table = false;
  std::istringstream file(read_text(kTable));
  for (std::string line; std::getline(file, line);) {
    in_table |= line.starts_with("## ");
    if (line.starts_with("## ")) {
      is_built = (DMF_WITH_TIFF || line != "## TIFF") && (DMF_WITH_DICOM || line != "## DICOM");
    }
    if (in_table && is_built) lines.push_back(line);
  }
  return lines;
}

/// Where they differ in what was tried.
std::vector<std::string> differences(const Table& table) {
  std::vector<std::string> found;
  const std::vector<std::string> kept = kept_lines();
  std::istringstream text(table.text().substr(1));
  std::size_t at = 0;
  for (std::string line; std::getline(text, line); ++at) {
    const std::string before = at < kept.size() ? kept[at] : "";
    std::string now = line;  // a cell that was not tried is as it was
    for (std::size_t c = 0; before.size() == line.size() && c + 3 <= line.size(); ++c) {
      if (line.compare(c, 3, " - ") == 0) now[c + 1] = before[c + 1];
    }
    if (now != before) found.push_back(fmt::format("kept '{}', now '{}'", before, now));
  }
  if (at < kept.size()) found.push_back(fmt::format("kept '{}', now no row", kept[at]));
  return found;
}

/// Writes the table anew, under the text that stands above it.
void write_table(const Table& table) {
  const std::string before = read_text(kTable);
  write_text(kTable, before.substr(0, before.find("\n## ")) + table.text());
}

}  // namespace

TEST_CASE("readings: what was drawn is read, or refused naming what settles it: everywhere") {
  // A third of all pairs, once; DMF_READING_COMBINATIONS=100000 tries as many, DMF_WRITE_READINGS=1
  // writes what came of them into the table.
  const char* asked = std::getenv("DMF_READING_COMBINATIONS");
  const long combinations = asked != nullptr ? std::strtol(asked, nullptr, 10) : 1;
  std::vector<std::string> problems;
  Table table;
  Rng rng(7, 1);
  for (const WrittenLayout& layout : written_layouts(rng)) table.layouts.push_back(layout.name);
  set_num_threads(1);  // the sets are too small for more
  long done = 0;
  for (std::size_t round = 0; done < combinations; ++round) {
    const std::vector<MaskFiles> encodings = mask_files(rng);
    for (std::size_t r = 0; r < encodings.size(); ++r) {
      const MaskFiles& encoding = encodings[r];
      const std::vector<WrittenLayout> layouts = written_layouts(rng);
      if (round == 0) {
        table.rows.push_back({encoding.format, encoding.name,
                              encoding.settles.substr(0, encoding.settles.find(' ')),
                              std::string(layouts.size(), '-')});
      }
      for (std::size_t c = 0; c < layouts.size(); ++c) {
        if ((r + c + round) % 3 != 0) continue;
        ++done;
        const TemporaryFolder folder;
        const fs::path root = folder / (rng.coin() ? "data" : "data/archive/of all");
        const WrittenSet set = write_set(root, folder / "store", layouts[c], encoding, rng);
        std::string problem;
        const Cell cell = try_set(folder / "data", set, encoding, problem);
        char& kept = table.rows[r].cells[c];
        if (kept != static_cast<char>(Cell::wrong)) kept = static_cast<char>(cell);
        if (cell == Cell::wrong && problems.size() < 30) {
          problems.push_back(fmt::format("{}, {}, {}: {}", encoding.format, encoding.name,
                                         layouts[c].name, problem));
        }
      }
    }
  }
  set_num_threads(0);
  CHECK_MESSAGE(problems.empty(), fmt::format("{}", fmt::join(problems, "\n")));
  if (std::getenv("DMF_WRITE_READINGS") != nullptr) write_table(table);
  const std::vector<std::string> changed = differences(table);
  CHECK_MESSAGE(changed.empty(), fmt::format("{} differs: {}", kTable, fmt::join(changed, "\n")));
  if (asked != nullptr) MESSAGE(done << " combinations");
}

}  // namespace dmf
