#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dmf {

// What of a file's name is compared when images and masks are paired.

/// The name without extension, in small letters, '-', '_' and ' ' as one '_' each run, none at the
/// ends: "Benign (1)-Mask.png" is "benign_(1)_mask".
std::string name_key(const std::filesystem::path& path);

/// The same of a text that is no file name.
std::string text_key(const std::string& text);

/// Words that say "this is a mask" (mask, seg, gt, ...), or "this is an image" (image, img, bus,
/// ...).
bool is_mask_word(std::string_view word);
bool is_image_word(std::string_view word);

/// The key cut at '_' and between letters and digits: "case12_mask" is case, 12, mask.
std::vector<std::string> words_of(std::string_view key);

/// The words that are neither mask nor image words, numbers without leading zeros, joined by '_'.
std::string bare_key(std::string_view key);

/// The numbers in a key, in order, without leading zeros.
std::vector<std::string> numbers_in(std::string_view key);

/// What surrounds an image's key in the key of its mask.
struct Affix {
  std::string prefix, suffix;  // suffix without the number
  std::string number;          // of several masks: "2"; empty without one
  bool is_known = false;       // nothing but mask and image words around it
  bool has_mask_word = false;
};

/// How `whole` is made around `inner`, at `at`; nothing where that would cut a word or a number.
std::optional<Affix> affix_around(std::string_view whole, std::string_view inner, std::size_t at);

/// Bytes that all keys have in common at the start and at the end, so that every key keeps some;
/// numbers are not cut.
struct CommonAffix {
  std::size_t prefix = 0, suffix = 0;
};
CommonAffix common_affix(const std::vector<std::string>& keys);
std::string without_affix(const std::string& key, const CommonAffix& affix);

/// Whether a file's name, or "FOLDER/NAME", fits a glob (*, ?, [abc]) in any case.
bool fits_glob(const std::filesystem::path& path, const std::string& glob);

}  // namespace dmf
