#include "apps/data/data_record.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "engine/io/hash.h"

namespace dmf {
namespace {

template <class T>
std::string hash_with(std::string header, const std::vector<T>& values) {
  header.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T));
  return hash_of(header);
}

/// The samples that count: no alpha, one channel where all are equal.
std::vector<std::uint16_t> plain_samples(const RawImage& image, int& channels) {
  const auto stride = static_cast<std::size_t>(image.channels);
  const std::size_t colours = image.channels >= 3 ? 3 : 1;
  const std::vector<std::uint16_t>& all = image.samples;
  bool grey = true;
  for (std::size_t i = 0; grey && colours == 3 && i + 2 < all.size(); i += stride) {
    grey = all[i] == all[i + 1] && all[i] == all[i + 2];
  }
  const std::size_t kept = grey ? 1 : 3;
  channels = static_cast<int>(kept);
  if (kept == stride) return all;
  std::vector<std::uint16_t> plain(all.size() / stride * kept);
  for (std::size_t i = 0, k = 0; k < plain.size(); i += stride) {
    for (std::size_t c = 0; c < kept; ++c) plain[k++] = all[i + c];
  }
  return plain;
}

std::string joined(const std::vector<std::string>& parts) {
  std::string text = parts.front();
  for (std::size_t i = 1; i < parts.size(); ++i) {
    text += (i + 1 == parts.size() ? " and " : ", ") + parts[i];
  }
  return text;
}

/// "3 of 700 images are gone, first 'case03'", nothing for none.
void add_count(std::vector<std::string>& parts, std::size_t count, const std::string& of,
               const std::string& what_one, const std::string& what_many,
               const std::string& first) {
  if (count == 0) return;
  const bool one = count == 1;
  parts.push_back(fmt::format("{}{} image{} {}{} {}", count, of, one && of.empty() ? "" : "s",
                              one ? what_one : what_many, one ? ":" : ", first", first));
}

}  // namespace

std::string hash_of_image(const RawImage& image) {
  constexpr std::uint16_t kBytesToWords = 257;  // 255 becomes 65535
  int channels = 0, largest = image.largest;
  std::vector<std::uint16_t> samples = plain_samples(image, channels);
  if (largest == 65535 && std::all_of(samples.begin(), samples.end(), [](std::uint16_t sample) {
        return sample % kBytesToWords == 0;
      })) {
    largest = 255;
    for (std::uint16_t& sample : samples)
      sample = static_cast<std::uint16_t>(sample / kBytesToWords);
  }
  return hash_with(fmt::format("{} x {} x {} of {}, turned {}\n", image.height, image.width,
                               channels, largest, image.orientation),
                   samples);
}

std::string hash_of_labels(const LabelMap& labels) {
  return hash_with(fmt::format("{} x {}\n", labels.height, labels.width), labels.labels);
}

std::string hash_of_probabilities(const Image& lesion) {
  return hash_with(fmt::format("{} x {} probabilities\n", lesion.height, lesion.width),
                   lesion.pixels);
}

std::string fingerprint_of(const DataRecord& record) {
  std::string text;
  for (const auto& [id, hashes] : record) {
    text += fmt::format("{} {} {}\n", id, hashes.image, hashes.labels);
  }
  return hash_of(text);
}

std::optional<std::string> data_change(const DataRecord& before, const DataRecord& now) {
  std::size_t changed = 0, gone = 0, added = 0;
  std::string first_changed, first_gone, first_added;
  const auto count = [](std::size_t& counter, std::string& first, const std::string& text) {
    if (counter++ == 0) first = text;
  };
  for (const auto& [id, was] : before) {
    const auto found = now.find(id);
    if (found == now.end()) {
      count(gone, first_gone, fmt::format("'{}'", id));
      continue;
    }
    const bool image = found->second.image != was.image,
               labels = found->second.labels != was.labels;
    if (!image && !labels) continue;
    count(changed, first_changed,
          fmt::format("'{}' ({})", id,
                      image && labels ? "image and labels"
                      : image         ? "image"
                                      : "labels"));
  }
  for (const auto& each : now) {
    if (!before.contains(each.first)) count(added, first_added, fmt::format("'{}'", each.first));
  }
  std::vector<std::string> parts;
  const std::string of = fmt::format(" of {}", before.size());
  add_count(parts, changed, of, "has changed", "have changed", first_changed);
  add_count(parts, gone, of, "is gone", "are gone", first_gone);
  add_count(parts, added, "", "is new", "are new", first_added);
  if (parts.empty()) return std::nullopt;
  return joined(parts);
}

}  // namespace dmf
