#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "apps/data/augmentation/transform.h"

namespace dmf {

/// A transform in a composition, with what is set of it.
struct TransformUse {
  const Transform* transform;
  int occurrence;  // 0 for the first of its name, 1 for the second
  Settings settings;
};

/// What is done to an image at random: the geometric transforms together in one resampling, then
/// the others in their order. One without any changes nothing.
struct Composition {
  std::vector<TransformUse> uses;  // the geometric ones first

  /// Every transform with every setting, as parse_composition() reads it: what a name or a default
  /// comes to mean later changes none of it. "none" without any.
  std::string text() const;
};

/// Reads "flip(p=0.5), affine(rotate=-20:20, outside=reflect), strong": transforms separated by
/// commas, each with its settings in parentheses, where a value is a number, a range LEAST:MOST or a
/// word; what is not set has its default. The name of a named composition stands for its transforms.
/// At most 64 transforms.
///
/// throws  ValueError, one line that says at which character, what is there and what could be
Composition parse_composition(std::string_view text);

/// Compositions that have a name.
struct NamedComposition {
  std::string_view name, help, text;
};
const std::array<NamedComposition, 3>& named_compositions();
/// Whether the text is just the name of one.
bool is_named_composition(std::string_view text);

/// For --help: the names, and how to write another.
std::string augmentation_help();

/// Changes the sample in place, as `key` draws.
///
/// ignored  the label of pixels that take no part
void augment(Sample& sample, const Composition& composition, const DrawKey& key,
             std::int32_t ignored = -1);

}  // namespace dmf
