#include "apps/image/masks/mask_choice.h"

#include <algorithm>
#include <map>
#include <set>

#include "apps/image/masks/mask_reading.h"
#include "engine/core/check.h"

namespace dmf {
namespace {

using Source = MaskEncoding::Source;
using Kind = MaskEncoding::Kind;

/// What the colours and the alpha of a set do.
struct Channels {
  bool any_palette = false, any_alpha = false;
  bool alpha_varies_in_a_file = false;
  bool alpha_differs = false;    // over the set
  std::set<MaskColour> colours;  // at most two of each: of all pixels, of the visible ones
  std::set<MaskColour> visible;
};

Channels channels_of(const std::vector<MaskFacts>& masks) {
  Channels channels;
  double first = -1.0;
  for (const MaskFacts& file : masks) {
    channels.any_palette |= file.has_palette;
    channels.any_alpha |= file.has_alpha;
    for (const CodeCount& each : file.codes) {
      const double alpha = static_cast<double>(each.code.alpha) / file.largest;
      if (first < 0.0) first = alpha;
      channels.alpha_differs |= alpha != first;
      channels.alpha_varies_in_a_file |= each.code.alpha != file.codes.front().code.alpha;
      if (channels.colours.size() < 2) channels.colours.insert(each.code.colour);
      if (channels.visible.size() < 2 && each.code.alpha > 0) {
        channels.visible.insert(each.code.colour);
      }
    }
  }
  return channels;
}

/// Sources that could hold the masks, the likeliest first.
std::vector<Source> sources_of(const Channels& channels, const MaskOptions& options) {
  if (options.from) return {*options.from};
  std::vector<Source> sources;
  if (channels.any_palette && options.colours.empty()) sources.push_back(Source::palette);
  if (!channels.alpha_differs) {
    sources.push_back(Source::luminance);
    return sources;
  }
  // Of several visible colours alpha would make one class.
  if (channels.visible.size() <= 1 && options.colours.empty()) sources.push_back(Source::alpha);
  sources.push_back(Source::composite);
  if (!channels.alpha_varies_in_a_file && channels.colours.size() > 1) {
    sources.push_back(Source::luminance);
  }
  return sources;
}

/// True where some pixel is a class above 0.
bool has_lesion(const std::vector<MaskFacts>& masks, const MaskEncoding& encoding) {
  return std::any_of(masks.begin(), masks.end(), [&](const MaskFacts& file) {
    return std::any_of(file.codes.begin(), file.codes.end(), [&](const CodeCount& each) {
      const std::int32_t label = label_of(each.code, file, encoding);
      return label > 0 && label != encoding.ignored;
    });
  });
}

/// The first file in which two readings differ in a label, or null.
const MaskFacts* first_difference(const std::vector<MaskFacts>& masks, const MaskEncoding& a,
                                  const MaskEncoding& b) {
  for (const MaskFacts& file : masks) {
    for (const CodeCount& each : file.codes) {
      if (label_of(each.code, file, a) != label_of(each.code, file, b)) return &file;
    }
  }
  return nullptr;
}

/// "index 0 is ffffff, index 1 is 000000".
std::string palette_text(const MaskFacts& file) {
  std::string text;
  std::size_t shown = 0;
  for (const CodeCount& each : file.codes) {
    if (each.code.index < 0) continue;
    if (++shown > 8) return text + ", ...";
    text += fmt::format("{}index {} is {}", text.empty() ? "" : ", ", each.code.index,
                        colour_text(each.code.colour));
  }
  return text;
}

/// Indices are classes where every index has one colour in the whole set and background (index 0)
/// is black, or at least covers most and black is no other class. A quantiser orders its palette
/// otherwise.
const MaskFacts* doubtful_palette(const std::vector<MaskFacts>& masks) {
  std::map<MaskColour, MaskColour> colour_of;  // by the number that the source gives
  std::map<MaskColour, std::int64_t> pixels;
  const MaskFacts* black_class = nullptr;
  const MaskFacts* any = nullptr;
  for (const MaskFacts& file : masks) {
    if (file.has_palette && any == nullptr) any = &file;
    for (const CodeCount& each : file.codes) {
      const MaskColour index = seen_through(Source::palette, each.code, file);
      const auto [known, is_new] = colour_of.try_emplace(index, each.code.colour);
      if (known->second != each.code.colour) return &file;
      pixels[index] += each.pixels;
      if (each.code.colour == MaskColour{} && index != MaskColour{}) black_class = &file;
    }
  }
  const auto background = colour_of.find(MaskColour{});
  if (background != colour_of.end() && background->second == MaskColour{}) return nullptr;
  if (black_class != nullptr) return black_class;
  const auto most =
      std::max_element(pixels.begin(), pixels.end(),
                       [](const auto& a, const auto& b) { return a.second < b.second; });
  return most->first == MaskColour{} ? nullptr : any;
}

IoError palette_error(const MaskFacts& file, const MaskOptions& options) {
  const bool coloured = options.values.empty();
  return IoError(fmt::format(
      "[mask] {} has a palette whose indices and colours do not say the same ({}): give "
      "--mask-from palette if the index is the class, --mask-from luminance{} if the colour is.",
      file.path.string(), palette_text(file),
      coloured ? " (with --mask-colours for several)" : ""));
}

/// Values that would be lost: a mask with something in it, none of which counts.
void check_nothing_vanishes(const std::vector<MaskFacts>& masks, const MaskEncoding& encoding,
                            const MaskOptions& options) {
  if (options.from || options.probability || !options.values.empty() || !options.colours.empty()) {
    return;  // as the user said
  }
  std::size_t empty = 0;
  const MaskFacts* first = nullptr;
  int highest = 0;
  for (const MaskFacts& file : masks) {
    std::set<std::int32_t> labels;
    std::size_t classes = 0;
    for (const CodeCount& each : file.codes) {
      const std::int32_t label = label_of(each.code, file, encoding);
      if (label == encoding.ignored) continue;
      labels.insert(label);
      ++classes;
    }
    if (classes < 2 || labels.size() != 1 || *labels.begin() != 0 || encoding.inverted) continue;
    ++empty;
    if (first == nullptr) {
      first = &file;
      for (const CodeCount& each : file.codes) {
        highest = std::max(highest, luminance(seen_through(encoding.source, each.code, file)));
      }
    }
  }
  if (first == nullptr) return;
  if (encoding.kind == Kind::threshold) {
    throw IoError(fmt::format(
        "[mask] {} has values up to {}, of which none counts as lesion ({} of {} masks are like "
        "that; {}): save it like the others, or give --probability-masks if they are "
        "probabilities.",
        first->path.string(), highest, empty, masks.size(), encoding.describe()));
  }
  throw IoError(fmt::format(
      "[mask] {} holds {} different pixels, of which none counts as lesion ({} of {} masks are "
      "like that; {}): give --mask-from alpha or --mask-from luminance.",
      first->path.string(), first->codes.size(), empty, masks.size(), encoding.describe()));
}

/// The ignored number must not be the label of a class.
void check_ignored(const MaskEncoding& e, const std::vector<MaskFacts>& masks) {
  if (e.ignored < 0) return;
  if (e.kind == Kind::threshold) {
    const SetValues values = values_of(masks, e.source, e.ignored);
    DMF_CHECK(!values.has_ignored, IoError,
              "[mask] --ignore-index {} occurs in soft masks ({}): a level is no label there. Save "
              "them with 0, 1 and {}.",
              e.ignored, e.describe(), e.ignored);
  }
  const auto label = static_cast<std::size_t>(e.ignored);
  const bool is_class = e.ignored < e.classes;
  const bool own = is_class && !e.inverted && e.kind == Kind::values && label < e.values.size() &&
                   e.values[label] == std::vector<int>{e.ignored};
  DMF_CHECK(!is_class || own, IoError,
            "[mask] --ignore-index {} is the number of a class here ({}): {} would be left out. "
            "Expected a number that the masks hold and no class has.",
            e.ignored, e.describe(), e.ignored == 0 ? "background" : "the lesion");
}

}  // namespace

void check_mask_options(const MaskOptions& o) {
  DMF_CHECK(o.threshold > 0.0 && o.threshold <= 1.0, ValueError,
            "[mask] threshold {}: expected above 0 and at most 1.", o.threshold);
  DMF_CHECK(o.classes == 0 || (o.classes >= 2 && o.classes <= 256), ValueError,
            "[mask] {} classes: expected 2 to 256, or 0: as the masks say.", o.classes);
  const bool values = !o.values.empty(), colours = !o.colours.empty();
  const auto contradict = [](bool both, const char* a, const char* b) {
    DMF_CHECK(!both, ValueError, "[mask] {} and {} contradict each other: give one of them.", a, b);
  };
  contradict(values && colours, "--mask-values", "--mask-colours");
  contradict(values && o.probability, "--mask-values", "--probability-masks");
  contradict(colours && o.probability, "--mask-colours", "--probability-masks");
  contradict(values && o.invert, "--mask-values", "--invert-masks");
  contradict(colours && o.invert, "--mask-colours", "--invert-masks");
  contradict(colours && o.from == Source::alpha, "--mask-colours", "--mask-from alpha");
  contradict(colours && o.from == Source::palette, "--mask-colours", "--mask-from palette");
  contradict(o.probability && o.from == Source::palette, "--probability-masks",
             "--mask-from palette");
  contradict(o.probability && o.classes > 2, "--probability-masks", "--num-classes above 2");
  contradict(o.invert && o.classes > 2, "--invert-masks", "--num-classes above 2");
  const std::size_t listed = values    ? parse_mask_values(o.values).size()
                             : colours ? parse_mask_colours(o.colours).size()
                                       : 0;
  DMF_CHECK(listed == 0 || o.classes == 0 || listed == static_cast<std::size_t>(o.classes),
            ValueError, "[mask] {} lists {} classes, --num-classes says {}: expected as many.",
            values ? "--mask-values" : "--mask-colours", listed, o.classes);
}

MaskEncoding choose_mask_encoding(const std::vector<MaskFacts>& masks, const MaskOptions& options) {
  check_mask_options(options);
  DMF_CHECK(!masks.empty(), ValueError, "[mask] no masks to decide from.");
  const Channels channels = channels_of(masks);
  std::vector<Source> sources = sources_of(channels, options);
  std::vector<MaskEncoding> admitted, blank;  // blank: no pixel is a lesion
  std::string refusal;
  for (std::size_t k = 0; k < sources.size(); ++k) {
    MaskReading reading = read_through(sources[k], masks, options);
    if (!reading.encoding) {
      if (refusal.empty() || sources[k] == Source::composite) refusal = reading.refusal;
    } else if (has_lesion(masks, *reading.encoding)) {
      admitted.push_back(*reading.encoding);
    } else {
      blank.push_back(*reading.encoding);
      // What was drawn is not seen over black: the colours themselves may hold it.
      if (sources[k] == Source::composite && sources.back() != Source::luminance &&
          channels.colours.size() > 1 && !options.from) {
        sources.push_back(Source::luminance);
      }
    }
  }
  if (admitted.empty() && !blank.empty()) admitted.push_back(blank.front());
  if (admitted.empty()) throw IoError(fmt::format("[mask] {}.", refusal));

  for (std::size_t k = 1; k < admitted.size(); ++k) {
    const MaskFacts* file = first_difference(masks, admitted.front(), admitted[k]);
    if (file == nullptr) continue;
    if (admitted.front().source == Source::palette) throw palette_error(*file, options);
    throw IoError(
        fmt::format("[mask] {} can be read in two ways that differ, by {} ({}) and by {} ({}): "
                    "give --mask-from alpha or --mask-from luminance.",
                    file->path.string(), name_of(kMaskSources, admitted.front().source),
                    admitted.front().describe(), name_of(kMaskSources, admitted[k].source),
                    admitted[k].describe()));
  }
  MaskEncoding chosen = admitted.front();
  if (chosen.source == Source::palette && !options.from && admitted.size() == 1) {
    if (const MaskFacts* file = doubtful_palette(masks)) throw palette_error(*file, options);
  }
  if (chosen.source == Source::alpha && !options.from) {
    chosen.evidence += channels.colours.size() <= 1 ? ", under one colour" : ", as over black";
  }
  if (options.invert) {
    DMF_CHECK(chosen.classes == 2, ValueError,
              "[mask] --invert-masks: the masks have {} classes ({}): expected two.",
              chosen.classes, chosen.describe());
    chosen.inverted = true;
  }
  check_ignored(chosen, masks);
  check_nothing_vanishes(masks, chosen, options);
  return chosen;
}

}  // namespace dmf
