#include "apps/image/masks/mask_reading.h"

#include <algorithm>

#include "engine/core/check.h"

namespace dmf {
namespace {

using Source = MaskEncoding::Source;
using Kind = MaskEncoding::Kind;

constexpr std::size_t kMostIds = 16;  // more levels than this are no class ids unless asked for
constexpr std::size_t kMostColours = 64;

/// The numbers as a list; the first and the count where they are many.
std::string numbers_text(const std::vector<int>& numbers) {
  if (numbers.size() <= kMostIds) return fmt::format("{}", fmt::join(numbers, ", "));
  const std::vector<int> few(numbers.begin(), numbers.begin() + 8);
  return fmt::format("{}, ... {} ({} in all)", fmt::join(few, ", "), numbers.back(),
                     numbers.size());
}

std::vector<int> numbers_of(const SetValues& values) {
  std::vector<int> numbers;
  for (const auto& [colour, count] : values.seen) numbers.push_back(colour[0]);
  return numbers;
}

bool is_contiguous(const std::vector<int>& numbers) {
  return !numbers.empty() && numbers.front() == 0 &&
         numbers.back() + 1 == static_cast<int>(numbers.size());
}

/// Background first: ascending, or descending where the highest covers more than half.
std::vector<int> suggested_order(const SetValues& values, std::vector<int> numbers) {
  const auto most = std::max_element(numbers.begin(), numbers.end(), [&](int a, int b) {
    return values.seen.at(grey(a)).pixels < values.seen.at(grey(b)).pixels;
  });
  if (*most == numbers.back() && 2 * values.seen.at(grey(*most)).pixels > values.pixels) {
    std::reverse(numbers.begin(), numbers.end());
  }
  return numbers;
}

MaskEncoding with_values(std::vector<std::vector<int>> classes_values) {
  MaskEncoding e;
  e.classes = static_cast<int>(classes_values.size());
  e.values = std::move(classes_values);
  return e;
}

MaskEncoding with_colours(std::vector<std::vector<MaskColour>> classes_colours) {
  MaskEncoding e;
  e.kind = Kind::colours;
  e.values.clear();
  e.classes = static_cast<int>(classes_colours.size());
  e.colours = std::move(classes_colours);
  return e;
}

/// What one set admits and, where nothing, why.
class Reader {
 public:
  Reader(Source source, const std::vector<MaskFacts>& masks, const MaskOptions& options)
      : source_(source),
        masks_(masks),
        options_(options),
        values_(values_of(masks, source, options.ignore_index)) {}

  MaskReading read() const {
    MaskReading reading = read_values_or_colours();
    if (!reading.encoding) return reading;
    MaskEncoding& e = *reading.encoding;
    e.source = source_;
    e.ignored = options_.ignore_index;
    if (options_.classes > 0 && e.classes != options_.classes) {
      return refused(fmt::format("{} and the others have {} classes ({}), --num-classes says {}",
                                 masks_.front().path.string(), e.classes, e.describe(),
                                 options_.classes));
    }
    return reading;
  }

 private:
  static MaskReading refused(std::string text) { return {std::nullopt, std::move(text)}; }

  std::string option(const std::string& text) const { return with_source(source_, options_, text); }

  std::string set_text() const {
    return masks_.size() == 1 ? "the only mask" : fmt::format("all {} masks", masks_.size());
  }

  MaskReading read_values_or_colours() const {
    if (!options_.values.empty()) {
      return read_as(with_values(parse_mask_values(options_.values)));
    }
    if (!options_.colours.empty()) {
      return read_as(with_colours(parse_mask_colours(options_.colours)));
    }
    if (options_.probability) {
      if (options_.classes > 2) return refused("--probability-masks is for two classes");
      MaskEncoding e;
      e.kind = Kind::threshold;
      e.threshold = options_.threshold;
      e.values.clear();
      e.evidence = "as --probability-masks says";
      return {e, ""};
    }
    return values_.all_grey ? read_values() : read_colours();
  }

  /// An encoding that the user gave.
  MaskReading read_as(MaskEncoding e) const {
    for (const auto& [colour, count] : values_.seen) {
      const bool by_value = e.kind == Kind::values;
      bool covered = false;
      if (by_value && is_grey(colour)) {
        for (const auto& of_class : e.values) {
          covered |= std::find(of_class.begin(), of_class.end(), colour[0]) != of_class.end();
        }
      } else if (!by_value) {
        for (const auto& of_class : e.colours) {
          covered |= std::find(of_class.begin(), of_class.end(), colour) != of_class.end();
        }
      }
      if (covered) continue;
      const MaskFacts& file = masks_[count.first_file];
      std::string text = fmt::format("{} holds {}, which {} {} does not list", file.path.string(),
                                     is_grey(colour) && by_value
                                         ? fmt::format("the value {}", colour[0])
                                         : fmt::format("the colour {}", colour_text(colour)),
                                     by_value ? "--mask-values" : "--mask-colours",
                                     by_value ? options_.values : options_.colours);
      if (file.format == FileFormat::jpeg) {
        text += ": a JPEG cannot hold class indices: save masks as PNG";
      } else if (by_value && !is_grey(colour)) {
        text += ": it is in colour: give --mask-colours";
      }
      return refused(text);
    }
    e.evidence = e.kind == Kind::values ? "as --mask-values says" : "as --mask-colours says";
    return {e, ""};
  }

  MaskReading read_values() const {
    const std::vector<int> numbers = numbers_of(values_);
    if (values_.jpeg != nullptr) return read_jpeg(numbers);
    const int highest = numbers.empty() ? 0 : numbers.back();
    if (options_.classes > 2) {
      if (highest >= options_.classes) return gaps(numbers);
      return indices(options_.classes, numbers);
    }
    if (options_.classes == 0 && values_.has_ignored && options_.ignore_index < highest) {
      std::vector<int> with_ignored = numbers;  // a class's own number may be the ignored one
      with_ignored.push_back(options_.ignore_index);
      std::sort(with_ignored.begin(), with_ignored.end());
      if (with_ignored.size() > 2 && with_ignored.size() <= kMostIds &&
          is_contiguous(with_ignored)) {
        return indices(static_cast<int>(with_ignored.size()), with_ignored);
      }
    }
    if (numbers.empty() || (numbers.size() <= 2 && (numbers.size() == 1 || numbers[0] == 0))) {
      return binary(numbers);
    }
    if (options_.classes == 0 && numbers.size() <= kMostIds && is_contiguous(numbers)) {
      return indices(static_cast<int>(numbers.size()), numbers);
    }
    if (source_ != Source::palette) {
      if (auto soft = read_soft(values_, options_)) return {soft, ""};
    }
    return gaps(numbers);
  }

  MaskReading indices(int classes, const std::vector<int>& numbers) const {
    std::vector<std::vector<int>> values;
    for (int k = 0; k < classes; ++k) values.push_back({k});
    MaskEncoding e = with_values(std::move(values));
    e.evidence = fmt::format("{} together hold {}", set_text(), numbers_text(numbers));
    return {e, ""};
  }

  MaskReading binary(const std::vector<int>& numbers) const {
    const int lesion = numbers.empty() || numbers.back() == 0 ? values_.largest : numbers.back();
    MaskEncoding e = with_values({{0}, {lesion}});
    e.evidence = fmt::format("{} hold {}", set_text(),
                             numbers.empty()       ? "the ignored value only"
                             : numbers.size() == 2 ? fmt::format("0 and {} only", numbers.back())
                                                   : fmt::format("{} only", numbers.back()));
    return {e, ""};
  }

  MaskReading read_jpeg(const std::vector<int>& numbers) const {
    if (numbers.empty() || (numbers.size() == 1 && numbers[0] == 0)) return binary(numbers);
    if (options_.classes <= 2) {
      if (auto soft = read_soft(values_, options_)) return {soft, ""};
    }
    const bool may_be_soft = options_.classes <= 2 && 2 * numbers.back() >= values_.largest;
    return refused(fmt::format(
        "{} is a JPEG, and {} hold {}, not two clear piles: a JPEG cannot hold class indices: "
        "save masks as PNG{}",
        values_.jpeg->path.string(), set_text(), numbers_text(numbers),
        may_be_soft
            ? ", or, if they are soft masks of one class, give " + option("--probability-masks")
            : ""));
  }

  /// Where each file is 0 and one number, but not the same: which two files.
  MaskReading two_scales(const std::vector<int>& numbers) const {
    std::size_t first = masks_.size(), other = masks_.size();
    std::vector<int> all;
    for (std::size_t i = 0; i < masks_.size(); ++i) {
      const std::vector<int>& own = values_.of_file[i];
      if (own.size() > 2 || (own.size() == 2 && own[0] != 0)) return {};
      if (own.empty() || own.back() == 0) continue;
      if (first == masks_.size()) first = i;
      if (other == masks_.size() && own.back() != values_.of_file[first].back()) other = i;
    }
    if (other == masks_.size() || numbers.front() != 0) return {};
    const std::vector<int> lesions(numbers.begin() + 1, numbers.end());
    std::string text =
        fmt::format("{} holds {}, {} holds {}: for one class give {}", masks_[first].path.string(),
                    numbers_text(values_.of_file[first]), masks_[other].path.string(),
                    numbers_text(values_.of_file[other]),
                    option(fmt::format("--mask-values 0,{}", fmt::join(lesions, "+"))));
    if (options_.classes == 0) {
      text += ", for several " + option(fmt::format("--mask-values {}", fmt::join(numbers, ",")));
    }
    if (const std::string ignoring = ignore_option(numbers); !ignoring.empty()) {
      text += fmt::format(", if {} takes no part {}", numbers.back(), ignoring);
    }
    return refused(text);
  }

  /// "--ignore-index 255", where the highest number may be an ignored label above class indices.
  std::string ignore_option(const std::vector<int>& numbers) const {
    const std::vector<int> others(numbers.begin(), numbers.end() - 1);
    const bool may_be =
        is_contiguous(others) && others.size() >= 2 &&
        (numbers.back() == 255 || numbers.back() == 65535) &&
        (options_.classes == 0 || static_cast<int>(others.size()) <= options_.classes);
    return may_be ? option(fmt::format("--ignore-index {}", numbers.back())) : "";
  }

  /// Numbers that are neither one class nor 0 to K-1.
  MaskReading gaps(const std::vector<int>& numbers) const {
    if (numbers.size() <= kMostIds && options_.classes <= 2) {
      if (MaskReading scales = two_scales(numbers); !scales.refusal.empty()) return scales;
    }
    const auto rarest = std::min_element(values_.seen.begin(), values_.seen.end(),
                                         [](const auto& a, const auto& b) {
                                           return std::pair(a.second.files, a.second.pixels) <
                                                  std::pair(b.second.files, b.second.pixels);
                                         });
    const auto beyond = values_.seen.lower_bound(grey(options_.classes));
    const bool too_high = options_.classes > 2 && beyond != values_.seen.end();
    const std::size_t file = (too_high ? beyond : rarest)->second.first_file;
    std::string text =
        fmt::format("{} holds the values {}, {} together {}", masks_[file].path.string(),
                    numbers_text(values_.of_file[file]), set_text(), numbers_text(numbers));
    if (options_.classes > 2) {
      text += fmt::format(": expected class indices 0 to {}", options_.classes - 1);
    }
    if (numbers.size() > kMostIds) return refused(text + many_levels(numbers));
    if (options_.classes == 2 && is_contiguous(numbers)) {
      return refused(
          fmt::format("{}: give {} (or 0: as the masks say), or {} for one class", text,
                      option(fmt::format("--num-classes {}", numbers.size())),
                      option(fmt::format("--mask-values 0,{}",
                                         fmt::join(numbers.begin() + 1, numbers.end(), "+")))));
    }
    if (const std::string ignoring = ignore_option(numbers); !ignoring.empty()) {
      return refused(fmt::format("{}: if {} takes no part give {}, if it is a class {}", text,
                                 numbers.back(), ignoring, ids(numbers)));
    }
    text += fmt::format("{}: give {}", options_.classes <= 2 ? ", class ids with gaps" : "",
                        ids(numbers));
    if (options_.classes == 0 && numbers.front() == 0 && numbers.back() < 32 &&
        numbers.size() > 2) {
      text += fmt::format(" (or {} if the ids are meant)",
                          option(fmt::format("--num-classes {}", numbers.back() + 1)));
    }
    // Levels that occur on edges only may be smoothing; areas of them are classes.
    const bool on_edges = std::all_of(numbers.begin() + 1, numbers.end() - 1, [&](int number) {
      return values_.seen.at(grey(number)).flat == 0;
    });
    if (on_edges && numbers.size() > 2 && numbers.front() == 0 && options_.classes <= 2 &&
        2 * numbers.back() >= values_.largest) {
      text += fmt::format(", or {} if they are soft", option("--probability-masks"));
    }
    return refused(text);
  }

  /// "--mask-values 0,100,200", with --num-classes where another number was given.
  std::string ids(const std::vector<int>& numbers) const {
    std::string list =
        fmt::format("--mask-values {}", fmt::join(suggested_order(values_, numbers), ","));
    if (options_.classes > 0 && options_.classes != static_cast<int>(numbers.size())) {
      list = fmt::format("--num-classes {} {}", numbers.size(), list);
    }
    return option(list);
  }

  std::string many_levels(const std::vector<int>& numbers) const {
    std::string text = ", neither in two piles nor near 0 and the largest: a picture, not a mask?";
    if (options_.classes <= 2) {
      text += fmt::format(" For soft masks give {}", option("--probability-masks"));
    }
    if (is_contiguous(numbers) && numbers.size() <= 256 && options_.classes == 0) {
      text += fmt::format(", for class indices {}",
                          option(fmt::format("--num-classes {}", numbers.size())));
    }
    return text;
  }

  MaskReading read_colours() const {
    const MaskColour black{};
    const bool many = values_.seen.size() > kMostColours;
    if (values_.jpeg != nullptr || values_.merged != nullptr || many) {
      if (auto soft = options_.classes <= 2 ? read_soft(values_, options_) : std::nullopt) {
        return {soft, ""};
      }
      if (values_.jpeg != nullptr) {
        return refused(fmt::format(
            "{} is a JPEG with colours other than black and one more: a JPEG cannot hold class "
            "indices: save masks as PNG",
            values_.jpeg->path.string()));
      }
      const auto odd = std::find_if(values_.seen.begin(), values_.seen.end(),
                                    [](const auto& each) { return !is_grey(each.first); });
      return refused(fmt::format("{} has many colours ({} in {}): a picture, not a mask?",
                                 masks_[odd->second.first_file].path.string(), values_.seen.size(),
                                 set_text()));
    }
    const bool has_black = values_.seen.contains(black);
    if (values_.seen.size() <= (has_black ? 2u : 1u)) {
      const MaskColour lesion = values_.seen.rbegin()->first;
      MaskEncoding e = with_colours({{black}, {lesion}});
      e.evidence = fmt::format("{} are {}{}", set_text(), has_black ? "black and " : "",
                               colour_text(lesion));
      return {e, ""};
    }
    std::vector<std::pair<std::int64_t, MaskColour>> order;
    std::size_t rarest = 0, files = masks_.size() + 1;
    for (const auto& [colour, count] : values_.seen) {
      order.emplace_back(-count.pixels, colour);
      if (count.files < files) {
        files = count.files;
        rarest = count.first_file;
      }
    }
    std::sort(order.begin(), order.end());
    std::vector<std::string> list;
    for (const auto& [pixels, colour] : order) list.push_back(colour_text(colour));
    std::string given = fmt::format("--mask-colours {}", fmt::join(list, ","));
    if (options_.classes > 0 && options_.classes != static_cast<int>(list.size())) {
      given = fmt::format("--num-classes {} {}", list.size(), given);
    }
    return refused(fmt::format(
        "{} is coloured, {} together hold the colours {}: give {}, class 0 "
        "first, colours of one class joined by +",
        masks_[rarest].path.string(), set_text(), fmt::join(list, ", "), option(given)));
  }

  Source source_;
  const std::vector<MaskFacts>& masks_;
  const MaskOptions& options_;
  SetValues values_;
};

}  // namespace

MaskReading read_through(Source source, const std::vector<MaskFacts>& masks,
                         const MaskOptions& options) {
  try {
    return Reader(source, masks, options).read();
  } catch (const ValueError& error) {
    return {std::nullopt, error.what()};
  }
}

std::string with_source(Source source, const MaskOptions& options, const std::string& option) {
  if (options.from || source == Source::luminance || source == Source::composite) {
    return option;
  }
  return fmt::format("--mask-from {} {}", name_of(kMaskSources, source), option);
}

}  // namespace dmf
