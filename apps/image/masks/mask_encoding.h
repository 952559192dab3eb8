#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "apps/files/metadata.h"
#include "apps/image/masks/mask_survey.h"
#include "engine/core/choice.h"

namespace dmf {

/// How the pixels of a data set's mask files become classes. Decided once for the whole set
/// (choose_mask_encoding), printed, and kept with the run and in the model file.
struct MaskEncoding {
  enum class Source {
    luminance,  // the colour as stored, alpha dropped
    composite,  // the colour over black, as alpha says
    alpha,      // the alpha channel
    palette,    // the index into the palette; the grey value in a file without one
  };
  enum class Kind {
    values,     // each class has numbers of its own
    colours,    // each class has colours of its own
    threshold,  // class 1 from `threshold` of `white` on
  };
  Source source = Source::luminance;
  Kind kind = Kind::values;
  int classes = 2;
  std::vector<std::vector<int>> values = {{0}, {255}};  // of Kind::values, by class
  std::vector<std::vector<MaskColour>> colours;         // of Kind::colours, by class
  int white = 0;                                        // 0: the largest of the file's type
  double threshold = 0.5;
  bool inverted = false;  // classes 0 and 1 change places
  int ignored = -1;       // this number is no class: its pixels get it as label; -1: none
  std::string evidence;   // what was found that led here, a sentence

  /// "values 0, 255: 255 is lesion": one line without the evidence.
  std::string describe() const;
  Metadata to_metadata() const;
  /// throws  IoError naming the key that is missing or not sound
  static MaskEncoding from_metadata(const Metadata& metadata);

  bool operator==(const MaskEncoding&) const = default;
};

/// A pixel through a source: a number where the three are equal.
///
/// throws  ValueError where the source says nothing of it: the palette index of a coloured pixel
///         without palette, alpha where the file has none
MaskColour seen_through(MaskEncoding::Source source, const PixelCode& code, const MaskFacts& file);
inline constexpr Named<MaskEncoding::Source> kMaskSources[] = {
    {"luminance", MaskEncoding::Source::luminance, "the colour as stored"},
    {"composite", MaskEncoding::Source::composite, "the colour over black, as alpha says"},
    {"alpha", MaskEncoding::Source::alpha, "the alpha channel"},
    {"palette", MaskEncoding::Source::palette, "the index into the palette"}};

/// The class of a code, or `encoding.ignored`.
///
/// throws  ValueError naming the value, where the encoding does not cover it
std::int32_t label_of(const PixelCode& code, const MaskFacts& file, const MaskEncoding& encoding);

/// Labels of one mask file.
///
/// throws  IoError naming the file and a value that the encoding does not cover
LabelMap to_labels(const SurveyedMask& mask, const MaskEncoding& encoding);
LabelMap to_labels(const std::filesystem::path& path, const RawImage& raw,
                   const MaskEncoding& encoding);

/// Of every pixel of one mask the probability of a lesion, its level's share of white: [height,
/// width, 1]. Which of them are lesion is what to_labels() says.
///
/// encoding  of Kind::threshold
Image to_probabilities(const SurveyedMask& mask, const MaskEncoding& encoding);
Image to_probabilities(const RawImage& raw, const MaskEncoding& encoding);

/// Marks in `target` every pixel that `other` marks (masks of several lesions of one image): the
/// higher class counts, an ignored pixel more than background only. Sizes must agree.
void unite(LabelMap& target, const LabelMap& other, std::int32_t ignored);

/// "0,100,200": numbers by class, those of one class joined by "+". At least two classes, at most
/// 256, no number twice, each from 0 to 65535.
///
/// throws  ValueError naming what is wrong with the text
std::vector<std::vector<int>> parse_mask_values(std::string_view text);
/// "000000,ff0000": the same of colours, six hexadecimal digits each, or twelve for 16-bit files.
std::vector<std::vector<MaskColour>> parse_mask_colours(std::string_view text);
std::string mask_values_text(const std::vector<std::vector<int>>& values);
std::string mask_colours_text(const std::vector<std::vector<MaskColour>>& colours);
/// "ff0000", or "ffff00000000" where 8 bits do not hold it.
std::string colour_text(const MaskColour& colour);

}  // namespace dmf
