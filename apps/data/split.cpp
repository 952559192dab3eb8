#include "apps/data/split.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <sstream>

#include "engine/core/check.h"
#include "engine/core/parallel.h"
#include "engine/core/rng.h"
#include "engine/io/atomic_file.h"

namespace dmf {
namespace {

constexpr std::uint64_t kSplitStream = 0x73706c6974;  // "split"
constexpr int kThumbnail = 32;

/// Grey thumbnail with mean 0 and norm 1, so that a dot product is a correlation; a flat image is
/// all zeros and correlates with nothing.
std::vector<double> thumbnail_of(const Image& image) {
  const Image small = resize(image, kThumbnail, kThumbnail, Interpolation::area);
  std::vector<double> values;
  for (std::size_t i = 0; i < small.pixels.size(); i += static_cast<std::size_t>(small.channels)) {
    values.push_back(static_cast<double>(small.pixels[i]));
  }
  const double mean =
      std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
  double squares = 0.0;
  for (double& v : values) {
    v -= mean;
    squares += v * v;
  }
  for (double& v : values) v = squares > 0.0 ? v / std::sqrt(squares) : 0.0;
  return values;
}

std::size_t root_of(std::vector<std::size_t>& parent, std::size_t i) {
  while (parent[i] != i) i = parent[i] = parent[parent[i]];
  return i;
}

}  // namespace

Split split_by_seed(const std::vector<std::size_t>& groups, std::uint64_t seed) {
  std::map<std::size_t, std::vector<std::size_t>> members;
  for (std::size_t i = 0; i < groups.size(); ++i) members[groups[i]].push_back(i);
  DMF_CHECK(members.size() >= 3, ValueError,
            "[split] {} images in {} group{}: expected at least 3 groups, one for each part.",
            groups.size(), members.size(), members.size() == 1 ? "" : "s");
  std::vector<std::vector<std::size_t>> order;
  for (auto& [group, items] : members) order.push_back(std::move(items));
  Rng rng(seed, kSplitStream);
  rng.shuffle(order);
  // Large groups first where there are any, so that the last ones can fill what is left.
  std::stable_sort(order.begin(), order.end(),
                   [](const auto& a, const auto& b) { return a.size() > b.size(); });

  const auto n = static_cast<double>(groups.size());
  const auto held_out = std::max<std::size_t>(1, static_cast<std::size_t>(std::lround(0.15 * n)));
  Split split;
  const std::size_t train = groups.size() - 2 * held_out;
  const auto place = [](std::vector<std::size_t>& part, const std::vector<std::size_t>& items) {
    part.insert(part.end(), items.begin(), items.end());
  };
  for (const std::vector<std::size_t>& items : order) {
    // To the part that lacks the largest share of its size.
    const double lacking[3] = {
        1.0 - static_cast<double>(split.train.size()) / static_cast<double>(train),
        1.0 - static_cast<double>(split.validation.size()) / static_cast<double>(held_out),
        1.0 - static_cast<double>(split.test.size()) / static_cast<double>(held_out)};
    const auto most = std::max_element(lacking, lacking + 3) - lacking;
    place(most == 0 ? split.train : most == 1 ? split.validation : split.test, items);
  }
  for (auto* part : {&split.train, &split.validation, &split.test}) {
    std::sort(part->begin(), part->end());
  }
  return split;
}

std::vector<std::size_t> no_groups(std::size_t items) {
  std::vector<std::size_t> groups(items);
  std::iota(groups.begin(), groups.end(), std::size_t{0});
  return groups;
}

std::vector<std::size_t> near_duplicate_groups(const SampleSet& samples, double threshold) {
  std::vector<std::vector<double>> thumbnails;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    thumbnails.push_back(thumbnail_of(samples.sample(i).image));
  }
  std::vector<std::vector<std::size_t>> alike(samples.size());
  parallel_for(static_cast<Index>(samples.size()), [&](Index row) {
    const auto i = static_cast<std::size_t>(row);
    for (std::size_t j = 0; j < i; ++j) {
      const double correlation = std::inner_product(thumbnails[i].begin(), thumbnails[i].end(),
                                                    thumbnails[j].begin(), 0.0);
      if (correlation > threshold) alike[i].push_back(j);
    }
  });
  std::vector<std::size_t> parent = no_groups(samples.size());
  for (std::size_t i = 0; i < samples.size(); ++i) {
    for (const std::size_t j : alike[i]) {
      const std::size_t a = root_of(parent, i), b = root_of(parent, j);
      parent[std::max(a, b)] = std::min(a, b);
    }
  }
  for (std::size_t i = 0; i < parent.size(); ++i) parent[i] = root_of(parent, i);
  return parent;
}

void write_split(const std::filesystem::path& path, const Split& split, const SampleSet& samples) {
  std::vector<std::string> part_of(samples.size());
  for (const std::size_t i : split.train) part_of[i] = "train";
  for (const std::size_t i : split.validation) part_of[i] = "validation";
  for (const std::size_t i : split.test) part_of[i] = "test";
  std::string text = "id,part\n";
  for (std::size_t i = 0; i < samples.size(); ++i) {
    // Quoted, with quotes doubled (RFC 4180): a file name may hold a comma.
    std::string id = samples.item(i).id;
    for (std::size_t at = id.find('"'); at != std::string::npos; at = id.find('"', at + 2)) {
      id.insert(at, 1, '"');
    }
    text += fmt::format("\"{}\",{}\n", id, part_of[i]);
  }
  write_file_atomically(path, text);
}

Split read_split(const std::filesystem::path& path, const SampleSet& samples) {
  std::map<std::string, std::size_t> index_of;
  for (std::size_t i = 0; i < samples.size(); ++i) index_of[samples.item(i).id] = i;
  std::istringstream lines(read_file(path, std::uintmax_t{1} << 28));
  std::string line;
  Split split;
  std::vector<bool> placed(samples.size());
  for (int number = 1; std::getline(lines, line); ++number) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (line.empty() || (number == 1 && line == "id,part")) continue;
    const std::size_t comma = line.rfind(',');
    DMF_CHECK(comma != std::string::npos, IoError, "[split] {} line {}: expected id,part.",
              path.string(), number);
    std::string id = line.substr(0, comma);
    if (id.size() >= 2 && id.front() == '"' && id.back() == '"') {
      id = id.substr(1, id.size() - 2);
      for (std::size_t at = id.find("\"\""); at != std::string::npos;
           at = id.find("\"\"", at + 1)) {
        id.erase(at, 1);
      }
    }
    const std::string part = line.substr(comma + 1);
    const auto found = index_of.find(id);
    DMF_CHECK(found != index_of.end(), IoError,
              "[split] {} line {}: the data set has no image '{}'.", path.string(), number, id);
    DMF_CHECK(!placed[found->second], IoError, "[split] {} line {}: '{}' is given twice.",
              path.string(), number, id);
    placed[found->second] = true;
    if (part == "train") {
      split.train.push_back(found->second);
    } else if (part == "validation") {
      split.validation.push_back(found->second);
    } else {
      DMF_CHECK(part == "test", IoError,
                "[split] {} line {}: part '{}': expected train, validation or test.", path.string(),
                number, part);
      split.test.push_back(found->second);
    }
  }
  const auto missing = std::find(placed.begin(), placed.end(), false);
  DMF_CHECK(missing == placed.end(), IoError, "[split] {} does not place the image '{}'.",
            path.string(), samples.item(static_cast<std::size_t>(missing - placed.begin())).id);
  DMF_CHECK(!split.train.empty() && !split.validation.empty() && !split.test.empty(), IoError,
            "[split] {} leaves a part empty: {} train, {} validation, {} test.", path.string(),
            split.train.size(), split.validation.size(), split.test.size());
  for (auto* part : {&split.train, &split.validation, &split.test}) {
    std::sort(part->begin(), part->end());
  }
  return split;
}

}  // namespace dmf
