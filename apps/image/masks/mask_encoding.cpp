#include "apps/image/masks/mask_encoding.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <map>
#include <optional>
#include <set>

#include "engine/core/check.h"

namespace dmf {
namespace {

using Source = MaskEncoding::Source;
using Kind = MaskEncoding::Kind;

constexpr std::array<const char*, 3> kKinds = {"values", "colours", "threshold"};

template <std::size_t N>
int place_of(const std::array<const char*, N>& names, const Metadata& metadata,
             const std::string& key) {
  const std::string& text = metadata_text(metadata, key);
  const auto found = std::find(names.begin(), names.end(), text);
  DMF_CHECK(found != names.end(), IoError, "metadata '{}' is '{}': expected one of {}.", key, text,
            fmt::join(names, ", "));
  return static_cast<int>(found - names.begin());
}

std::vector<std::string_view> parts_of(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (std::size_t from = 0;;) {
    const std::size_t to = text.find(separator, from);
    parts.push_back(text.substr(from, to - from));
    if (to == std::string_view::npos) return parts;
    from = to + 1;
  }
}

/// "a,b+c" as [[a], [b, c]]; `parse` returns nothing for a bad entry.
template <class T, class Parse>
std::vector<std::vector<T>> parse_classes(std::string_view text, const char* option,
                                          const char* entry_is, const Parse& parse) {
  std::vector<std::vector<T>> classes;
  std::set<T> seen;
  for (const std::string_view of_class : parts_of(text, ',')) {
    classes.emplace_back();
    for (const std::string_view entry : parts_of(of_class, '+')) {
      const std::optional<T> value = parse(entry);
      DMF_CHECK(value.has_value(), ValueError, "[mask] {} {}: got '{}', expected {}.", option, text,
                entry, entry_is);
      DMF_CHECK(seen.insert(*value).second, ValueError,
                "[mask] {} {}: '{}' is there twice: expected each once.", option, text, entry);
      classes.back().push_back(*value);
    }
  }
  DMF_CHECK(classes.size() >= 2 && classes.size() <= 256, ValueError,
            "[mask] {} {}: {} classes: expected 2 to 256, separated by commas.", option, text,
            classes.size());
  return classes;
}

template <class T>
std::optional<T> number_in(std::string_view text, int base) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<MaskColour> parse_colour(std::string_view text) {
  if (text.size() != 6 && text.size() != 12) return std::nullopt;
  const std::size_t digits = text.size() / 3;
  MaskColour colour;
  for (std::size_t c = 0; c < 3; ++c) {
    const auto value = number_in<std::uint16_t>(text.substr(c * digits, digits), 16);
    if (!value) return std::nullopt;
    colour[c] = *value;
  }
  return colour;
}

template <class T, class Text>
std::string classes_text(const std::vector<std::vector<T>>& classes, const Text& text) {
  std::string result;
  for (std::size_t k = 0; k < classes.size(); ++k) {
    for (std::size_t i = 0; i < classes[k].size(); ++i) {
      result += i > 0 ? "+" : k > 0 ? "," : "";
      result += text(classes[k][i]);
    }
  }
  return result;
}

/// The place of the class that has `wanted`, or -1.
template <class T>
int class_with(const std::vector<std::vector<T>>& classes, const T& wanted) {
  for (std::size_t k = 0; k < classes.size(); ++k) {
    if (std::find(classes[k].begin(), classes[k].end(), wanted) != classes[k].end()) {
      return static_cast<int>(k);
    }
  }
  return -1;
}

int white_of(const MaskFacts& file, const MaskEncoding& encoding) {
  return encoding.white > 0 ? encoding.white : file.largest;
}

std::string shown_text(const MaskColour& shown) {
  return is_grey(shown) ? fmt::format("the value {}", shown[0])
                        : fmt::format("the colour {}", colour_text(shown));
}

/// label_of(), its error with the file's name.
std::int32_t label_in(const MaskFacts& file, const PixelCode& code, const MaskEncoding& encoding) {
  try {
    return label_of(code, file, encoding);
  } catch (const ValueError& error) {
    throw IoError(fmt::format("[mask] {} {}", file.path.string(), error.what()));
  }
}

}  // namespace

MaskColour seen_through(Source source, const PixelCode& code, const MaskFacts& file) {
  const auto grey = [](int value) {
    const auto v = static_cast<std::uint16_t>(value);
    return MaskColour{v, v, v};
  };
  switch (source) {
    case Source::luminance:
      return code.colour;
    case Source::composite: {
      MaskColour over = code.colour;
      for (std::uint16_t& c : over) {
        c = static_cast<std::uint16_t>(
            (std::uint32_t{c} * code.alpha + static_cast<std::uint32_t>(file.largest) / 2) /
            static_cast<std::uint32_t>(file.largest));
      }
      return over;
    }
    case Source::alpha:
      DMF_CHECK(file.has_alpha, ValueError, "has no alpha channel: its set is read by alpha.");
      return grey(code.alpha);
    case Source::palette:
      if (code.index >= 0) return grey(code.index);
      DMF_CHECK(is_grey(code.colour), ValueError,
                "has the colour {} and no palette: its set is read by palette index.",
                colour_text(code.colour));
      return code.colour;
  }
  return {};
}

std::int32_t label_of(const PixelCode& code, const MaskFacts& file, const MaskEncoding& encoding) {
  const MaskColour shown = seen_through(encoding.source, code, file);
  if (encoding.ignored >= 0 && is_grey(shown) && shown[0] == encoding.ignored) {
    return encoding.ignored;
  }
  int label = -1;
  switch (encoding.kind) {
    case Kind::values:
      if (is_grey(shown)) label = class_with(encoding.values, static_cast<int>(shown[0]));
      break;
    case Kind::colours:
      label = class_with(encoding.colours, shown);
      break;
    case Kind::threshold:
      label = luminance(shown) >= encoding.threshold * white_of(file, encoding) ? 1 : 0;
      break;
  }
  DMF_CHECK(label >= 0, ValueError, "holds {}: expected {}.", shown_text(shown),
            encoding.describe());
  return encoding.inverted ? 1 - label : label;
}

LabelMap to_labels(const SurveyedMask& mask, const MaskEncoding& encoding) {
  DMF_CHECK(!mask.plane.empty(), ValueError, "[mask] {} was surveyed without its pixels.",
            mask.facts.path.string());
  constexpr std::int32_t kUnknown = -1;
  std::array<std::int32_t, 256> of_code;  // found where a pixel first has it
  of_code.fill(kUnknown);
  LabelMap labels(mask.facts.height, mask.facts.width);
  for (std::size_t i = 0; i < labels.labels.size(); ++i) {
    std::int32_t& label = of_code[mask.plane[i]];
    if (label == kUnknown) {
      label = label_in(mask.facts, mask.facts.codes[mask.plane[i]].code, encoding);
    }
    labels.labels[i] = label;
  }
  return labels;
}

namespace {

/// What a mask's codes mean depends on, where they are not surveyed.
MaskFacts facts_of(const std::filesystem::path& path, const RawImage& raw) {
  MaskFacts file;
  file.path = path;
  file.largest = raw.largest;
  file.has_alpha = raw.channels == 2 || raw.channels == 4;
  return file;
}

float probability_of(const PixelCode& code, const MaskFacts& file, const MaskEncoding& encoding) {
  const int level = luminance(seen_through(encoding.source, code, file));
  const double share = std::min(1.0, static_cast<double>(level) / white_of(file, encoding));
  return static_cast<float>(encoding.inverted ? 1.0 - share : share);
}

}  // namespace

Image to_probabilities(const SurveyedMask& mask, const MaskEncoding& encoding) {
  Image map(mask.facts.height, mask.facts.width, 1);
  std::vector<float> of_code;
  for (const CodeCount& each : mask.facts.codes) {
    of_code.push_back(probability_of(each.code, mask.facts, encoding));
  }
  for (std::size_t i = 0; i < map.pixels.size(); ++i) map.pixels[i] = of_code[mask.plane[i]];
  return map;
}

Image to_probabilities(const RawImage& raw, const MaskEncoding& encoding) {
  const MaskFacts file = facts_of({}, raw);
  Image map(raw.height, raw.width, 1);
  for (std::size_t i = 0; i < map.pixels.size(); ++i) {
    map.pixels[i] = probability_of(code_at(raw, i), file, encoding);
  }
  return map;
}

LabelMap to_labels(const std::filesystem::path& path, const RawImage& raw,
                   const MaskEncoding& encoding) {
  const MaskFacts file = facts_of(path, raw);
  LabelMap labels(raw.height, raw.width);
  std::map<PixelCode, std::int32_t> known;
  std::optional<PixelCode> last;
  std::int32_t label = 0;
  for (std::size_t i = 0; i < labels.labels.size(); ++i) {
    const PixelCode code = code_at(raw, i);
    if (code != last) {
      auto place = known.find(code);
      if (place == known.end()) place = known.emplace(code, label_in(file, code, encoding)).first;
      label = place->second;
      last = code;
    }
    labels.labels[i] = label;
  }
  return labels;
}

void unite(LabelMap& target, const LabelMap& other, std::int32_t ignored) {
  const auto rank = [ignored](std::int32_t label) {
    return label == ignored && ignored >= 0 ? 1 : 2 * label;  // between background and lesion
  };
  for (std::size_t i = 0; i < target.labels.size(); ++i) {
    if (rank(other.labels[i]) > rank(target.labels[i])) target.labels[i] = other.labels[i];
  }
}

std::string MaskEncoding::describe() const {
  std::string text;
  if (source == Source::composite) text = "colours over black: ";
  if (source == Source::alpha) text = "alpha: ";
  if (source == Source::palette) text = "palette indices: ";
  if (kind == Kind::threshold) {
    text += white > 0 ? fmt::format("levels of at least {:g} of {} are lesion", threshold, white)
                      : fmt::format("grey probability maps: at least {:g} of the largest is lesion",
                                    threshold);
  } else {
    const bool by_value = kind == Kind::values;
    bool are_indices = by_value && classes > 2;
    for (std::size_t k = 0; are_indices && k < values.size(); ++k) {
      are_indices = values[k] == std::vector<int>{static_cast<int>(k)};
    }
    const std::string list = by_value ? mask_values_text(values) : mask_colours_text(colours);
    if (are_indices) {
      text += fmt::format("class indices 0 to {}", classes - 1);
    } else {
      text += fmt::format(
          "{} {} are {}", by_value ? "values" : "colours", list,
          classes == 2 ? "background, lesion" : fmt::format("the classes 0 to {}", classes - 1));
    }
  }
  if (inverted) text += ", inverted";
  if (ignored >= 0) text += fmt::format(", {} is ignored", ignored);
  return text;
}

Metadata MaskEncoding::to_metadata() const {
  return {{"mask.source", name_of(kMaskSources, source)},
          {"mask.kind", kKinds[static_cast<std::size_t>(kind)]},
          {"mask.classes", fmt::format("{}", classes)},
          {"mask.values", kind == Kind::values ? mask_values_text(values) : ""},
          {"mask.colours", kind == Kind::colours ? mask_colours_text(colours) : ""},
          {"mask.white", fmt::format("{}", white)},
          {"mask.threshold", fmt::format("{}", threshold)},
          {"mask.inverted", inverted ? "1" : "0"},
          {"mask.ignored", fmt::format("{}", ignored)},
          {"mask.evidence", evidence}};
}

MaskEncoding MaskEncoding::from_metadata(const Metadata& metadata) {
  MaskEncoding e;
  e.source = entry_named(kMaskSources, metadata_text(metadata, "mask.source"), "mask.source").value;
  e.kind = static_cast<Kind>(place_of(kKinds, metadata, "mask.kind"));
  e.classes = static_cast<int>(metadata_number(metadata, "mask.classes", 2, 256));
  e.white = static_cast<int>(metadata_number(metadata, "mask.white", 0, 65535));
  e.threshold = metadata_number(metadata, "mask.threshold", 1e-12, 1);
  e.inverted = metadata_number(metadata, "mask.inverted", 0, 1) != 0;
  e.ignored = static_cast<int>(metadata_number(metadata, "mask.ignored", -1, 65535));
  e.evidence = metadata_text(metadata, "mask.evidence");
  std::size_t classes = 2;
  try {
    if (e.kind == Kind::values) {
      e.values = parse_mask_values(metadata_text(metadata, "mask.values"));
      classes = e.values.size();
    } else {
      e.values.clear();
    }
    if (e.kind == Kind::colours) {
      e.colours = parse_mask_colours(metadata_text(metadata, "mask.colours"));
      classes = e.colours.size();
    }
  } catch (const ValueError& error) {
    throw IoError(fmt::format("its masks' encoding is not sound: {}", error.what()));
  }
  DMF_CHECK(static_cast<int>(classes) <= e.classes && (!e.inverted || e.classes == 2), IoError,
            "its masks' encoding is not sound: {} classes for {}.", classes, e.classes);
  return e;
}

std::vector<std::vector<int>> parse_mask_values(std::string_view text) {
  return parse_classes<int>(text, "--mask-values", "a whole number from 0 to 65535",
                            [](std::string_view entry) -> std::optional<int> {
                              const auto value = number_in<int>(entry, 10);
                              if (!value || *value < 0 || *value > 65535) return std::nullopt;
                              return value;
                            });
}

std::vector<std::vector<MaskColour>> parse_mask_colours(std::string_view text) {
  return parse_classes<MaskColour>(text, "--mask-colours",
                                   "six hexadecimal digits (twelve for 16 bits)", parse_colour);
}

std::string mask_values_text(const std::vector<std::vector<int>>& values) {
  return classes_text(values, [](int value) { return fmt::format("{}", value); });
}

std::string mask_colours_text(const std::vector<std::vector<MaskColour>>& colours) {
  return classes_text(colours, colour_text);
}

std::string colour_text(const MaskColour& c) {
  const bool small = std::all_of(c.begin(), c.end(), [](std::uint16_t v) { return v <= 255; });
  const char* form = small ? "{:02x}{:02x}{:02x}" : "{:04x}{:04x}{:04x}";
  return fmt::format(fmt::runtime(form), c[0], c[1], c[2]);
}

}  // namespace dmf
