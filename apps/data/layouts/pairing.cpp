#include "apps/data/layouts/pairing.h"

#include <algorithm>
#include <map>
#include <set>

#include "apps/data/annotations/json_reader.h"
#include "apps/data/layouts/name_keys.h"
#include "apps/image/codecs/file_format.h"
#include "apps/support/text.h"
#include "engine/core/check.h"

namespace dmf {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kNobody = static_cast<std::size_t>(-1);
/// The image of every mask, or kNobody.
using Owners = std::vector<std::size_t>;

std::string name_of(const fs::path& path) {
  return escaped_name(path.filename().string());
}

std::vector<std::string> names_of(const std::vector<fs::path>& paths) {
  std::vector<std::string> names;
  for (const fs::path& path : paths) names.push_back(name_of(path));
  return names;
}

/// The image whose key lies in the mask's, and what is around it.
struct Fit {
  std::size_t image = kNobody;
  Affix affix;
};

class Pairer {
 public:
  Pairer(const std::vector<fs::path>& images, const std::vector<fs::path>& masks,
         const fs::path& where, bool any_affix)
      : images_(images), masks_(masks), where_(where), any_affix_(any_affix) {
    for (const fs::path& path : images) image_keys_.push_back(name_key(path));
    for (const fs::path& path : masks) mask_keys_.push_back(name_key(path));
    for (std::size_t i = 0; i < images.size(); ++i) by_key_.emplace(image_keys_[i], i);
  }

  Pairing pair(bool by_order) {
    Owners owners = by_known_affix();
    const Owners known = owners;
    if (!is_complete(owners)) owners = by_shared_affix(owners);
    if (!is_complete(owners)) owners = by_bare_names(known);
    if (!is_complete(owners)) owners = without_common_affixes();
    if (!is_complete(owners) && by_order && images_.size() == masks_.size()) owners = in_order();
    require_complete(owners, known);
    return pairing_of(owners);
  }

 private:
  bool is_complete(const Owners& owners) const {
    const std::set<std::size_t> seen(owners.begin(), owners.end());
    return seen.size() - (seen.contains(kNobody) ? 1 : 0) == images_.size();
  }

  /// The longest image key within a mask's key that `wanted` accepts.
  template <class Wanted>
  Fit fit_of(const std::string& mask, const Wanted& wanted) const {
    for (std::size_t size = mask.size(); size > 0; --size) {
      for (std::size_t at = 0; at + size <= mask.size(); ++at) {
        const std::string inner = mask.substr(at, size);
        const auto image = by_key_.find(inner);
        if (image == by_key_.end()) continue;
        const std::optional<Affix> affix = affix_around(mask, inner, at);
        if (affix && wanted(*affix)) return {image->second, *affix};
      }
    }
    return {};
  }

  Owners by_known_affix() {
    Owners owners;
    for (std::size_t m = 0; m < masks_.size(); ++m) {
      const Fit fit = fit_of(mask_keys_[m],
                             [this](const Affix& affix) { return any_affix_ || affix.is_known; });
      owners.push_back(fit.image);
      if (fit.image == kNobody || fit.affix.number.empty() || fit.affix.has_mask_word ||
          any_affix_) {
        continue;
      }
      // "x_2" is a second mask of "x", unless such numbers name images.
      const std::string& key = image_keys_[fit.image];
      const auto sibling =
          std::find_if(image_keys_.begin(), image_keys_.end(), [&](const std::string& other) {
            return other.size() > key.size() + 1 && other.starts_with(key + "_") &&
                   other.find_first_not_of("0123456789", key.size() + 1) == std::string::npos;
          });
      DMF_CHECK(
          sibling == image_keys_.end(), IoError,
          "[data] {} may be a second mask of {}, or the mask of an image that is not there, as "
          "{} is one. Name it {}_mask{}, or remove it.",
          masks_[m].string(), name_of(images_[fit.image]),
          name_of(images_[static_cast<std::size_t>(sibling - image_keys_.begin())]),
          escaped_name(images_[fit.image].stem().string()),
          escaped_name(masks_[m].extension().string()));
    }
    return owners;
  }

  /// Masks that nothing known explains: by a prefix and suffix that suits every image without mask.
  Owners by_shared_affix(Owners owners) {
    const std::set<std::size_t> done(owners.begin(), owners.end());
    std::map<std::pair<std::string, std::string>, Owners> by_affix;
    for (std::size_t m = 0; m < masks_.size(); ++m) {
      if (owners[m] != kNobody) continue;
      const Fit fit = fit_of(mask_keys_[m], [](const Affix&) { return true; });
      if (fit.image == kNobody) continue;
      Owners& some = by_affix[{fit.affix.prefix, fit.affix.suffix}];
      some.resize(masks_.size(), kNobody);
      some[m] = fit.image;
    }
    std::vector<Owners> complete;
    for (const auto& [affix, some] : by_affix) {
      Owners all = owners;
      for (std::size_t m = 0; m < some.size(); ++m) {
        if (some[m] != kNobody) all[m] = some[m];
      }
      if (is_complete(all)) complete.push_back(all);
    }
    if (complete.size() == 1) {
      note_first(complete.front(), "by what all masks' names add to the images'");
      return complete.front();
    }
    DMF_CHECK(complete.empty(), IoError,
              "[data] the masks in {} have names of several kinds: {}. Say with --mask-names which "
              "to take (several are united).",
              where_.string(), first_few(names_of(masks_)));
    return owners;
  }

  Owners by_bare_names(const Owners& known) {
    std::vector<std::string> images, masks;
    for (const std::string& key : image_keys_) images.push_back(bare_key(key));
    for (const std::string& key : mask_keys_) masks.push_back(bare_key(key));
    const Owners owners = by_equal(images, masks, true);
    if (!is_complete(owners)) return owners;
    for (std::size_t m = 0; m < masks_.size(); ++m) {
      DMF_CHECK(known[m] == kNobody || known[m] == owners[m], IoError,
                "[data] the mask {} may belong to {} or to {}: rename it.", masks_[m].string(),
                name_of(images_[known[m]]), name_of(images_[owners[m]]));
    }
    note_first(owners, "by names without words such as 'bus', 'image', 'mask'");
    return owners;
  }

  Owners without_common_affixes() {
    const CommonAffix of_images = common_affix(image_keys_), of_masks = common_affix(mask_keys_);
    std::vector<std::string> images, masks;
    const auto shorter = [](const std::string& key, const CommonAffix& affix) {
      return text_key(without_affix(key, affix));
    };
    for (const std::string& key : image_keys_) images.push_back(shorter(key, of_images));
    for (const std::string& key : mask_keys_) masks.push_back(shorter(key, of_masks));
    const Owners owners = by_equal(images, masks, false);
    if (!is_complete(owners)) return owners;
    for (std::size_t m = 0; m < masks_.size(); ++m) {
      if (owners[m] != kNobody) require_no_other_number(owners[m], m);
    }
    note_first(owners, "by names without what all images, and all masks, have in common");
    return owners;
  }

  /// Pairs by equal keys; with `numbered`, masks with one number more are further masks.
  Owners by_equal(const std::vector<std::string>& images, const std::vector<std::string>& masks,
                  bool numbered) const {
    std::map<std::string, std::size_t> by_name;
    for (std::size_t i = 0; i < images.size(); ++i) {
      if (images[i].empty() || !by_name.emplace(images[i], i).second) {
        return Owners(masks.size(), kNobody);
      }
    }
    Owners owners;
    for (const std::string& mask : masks) {
      auto found = by_name.find(mask);
      const std::size_t last = mask.find_last_not_of("0123456789");
      if (numbered && found == by_name.end() && last != std::string::npos && mask[last] == '_') {
        found = by_name.find(mask.substr(0, last));
      }
      owners.push_back(found == by_name.end() ? kNobody : found->second);
    }
    return owners;
  }

  Owners in_order() {
    Owners owners;
    std::set<std::string> of_images, of_masks;
    for (const std::string& key : image_keys_) of_images.merge(set_of(numbers_in(key)));
    for (const std::string& key : mask_keys_) of_masks.merge(set_of(numbers_in(key)));
    for (std::size_t m = 0; m < masks_.size(); ++m) {
      owners.push_back(m);
      // Numbers that name images as well as masks must agree.
      const auto image = numbers_in(image_keys_[m]), mask = numbers_in(mask_keys_[m]);
      if (image.empty() || mask.empty() || image.back() == mask.back()) continue;
      if (of_masks.contains(image.back()) || of_images.contains(mask.back())) refuse_numbers(m, m);
    }
    note_first(owners, "in sorted order (--pair-by-order)");
    return owners;
  }

  static std::set<std::string> set_of(const std::vector<std::string>& names) {
    return {names.begin(), names.end()};
  }

  /// Numbers that one name has and the other lacks may be what was taken away; two different ones
  /// contradict each other.
  void require_no_other_number(std::size_t image, std::size_t mask) const {
    const auto a = numbers_in(image_keys_[image]), b = numbers_in(mask_keys_[mask]);
    const auto is_part_of = [](const auto& few, const auto& many) {
      auto at = many.begin();
      for (const std::string& each : few) {
        at = std::find(at, many.end(), each);
        if (at++ == many.end()) return false;
      }
      return true;
    };
    if (!is_part_of(a, b) && !is_part_of(b, a)) refuse_numbers(image, mask);
  }

  [[noreturn]] void refuse_numbers(std::size_t image, std::size_t mask) const {
    throw IoError(fmt::format(
        "[data] the numbers of image {} and mask {} in {} contradict each other: rename them, or "
        "complete the data.",
        name_of(images_[image]), name_of(masks_[mask]), where_.string()));
  }

  void note_first(const Owners& owners, const std::string& how) {
    const auto first = std::find_if(owners.begin(), owners.end(),
                                    [](std::size_t image) { return image != kNobody; });
    if (first == owners.end()) return;
    notes_.push_back(
        fmt::format("images and masks paired {}: {} with {}", how, name_of(images_[*first]),
                    name_of(masks_[static_cast<std::size_t>(first - owners.begin())])));
  }

  void require_complete(const Owners& owners, const Owners& known) const {
    std::vector<fs::path> without, left;
    const bool complete = is_complete(owners);
    const std::set<std::size_t> paired(known.begin(), known.end());
    for (std::size_t i = 0; i < images_.size(); ++i) {
      if (!complete && !paired.contains(i)) without.push_back(images_[i]);
    }
    for (std::size_t m = 0; m < masks_.size(); ++m) {
      if (known[m] == kNobody) left.push_back(masks_[m]);
    }
    DMF_CHECK(complete, IoError,
              "[data] {} image{} in {} without a mask: {}. {}. Add the masks, remove the images{}.",
              without.size(), without.size() == 1 ? "" : "s", where_.string(),
              first_few(names_of(without)),
              left.empty() ? "No mask is left over"
                           : fmt::format("{} mask{} of no image: {}", left.size(),
                                         left.size() == 1 ? "" : "s", first_few(names_of(left))),
              images_.size() == masks_.size() ? ", or give --pair-by-order" : "");
    // A name that goes on after an image's is more likely a mask of it than of nothing.
    for (std::size_t m = 0; m < masks_.size(); ++m) {
      if (owners[m] != kNobody) continue;
      const Fit fit = fit_of(mask_keys_[m], [](const Affix& a) { return a.prefix.empty(); });
      DMF_CHECK(fit.image == kNobody, IoError,
                "[data] {} may be a further mask of {}, but is not named like the others. Name it "
                "{}_2{}, remove it, or say with --mask-names which to take.",
                masks_[m].string(), name_of(images_[fit.image]),
                escaped_name(images_[fit.image].stem().string()),
                escaped_name(masks_[m].extension().string()));
    }
  }

  Pairing pairing_of(const Owners& owners) const {
    Pairing pairing{std::vector<std::vector<fs::path>>(images_.size()), {}, notes_};
    for (std::size_t m = 0; m < masks_.size(); ++m) {
      if (owners[m] == kNobody) {
        pairing.unused.push_back({masks_[m], "is a mask without an image"});
      } else {
        pairing.masks_of[owners[m]].push_back(masks_[m]);
      }
    }
    std::size_t several = 0;
    for (auto& masks : pairing.masks_of) {
      std::sort(masks.begin(), masks.end(), [](const fs::path& a, const fs::path& b) {
        return natural_less(a.stem().string(), b.stem().string());
      });
      if (masks.size() > 1 && several++ == 0) {
        pairing.notes.push_back(
            fmt::format("several masks of one image are united: {}", first_few(names_of(masks))));
      }
    }
    if (several > 1) pairing.notes.back() += fmt::format("; so of {} images", several);
    return pairing;
  }

  const std::vector<fs::path>& images_;
  const std::vector<fs::path>& masks_;
  const fs::path& where_;
  bool any_affix_;  // the user says which files are masks
  std::vector<std::string> image_keys_, mask_keys_;
  std::map<std::string, std::size_t> by_key_;
  std::vector<std::string> notes_;
};

bool is_labelme(const fs::path& path) {
  return annotation_kind(path) == AnnotationKind::labelme;
}

}  // namespace

void check_one_of_a_name(const std::vector<fs::path>& files) {
  std::map<std::string, fs::path> seen;
  for (const fs::path& path : files) {
    const auto [other, is_new] = seen.emplace(name_key(path), path);
    DMF_CHECK(is_new, IoError,
              "[data] {} and {} in {} have the same name but for ending, case, '-', '_' and ' ': "
              "rename or remove one (of masks, --mask-names says which to take).",
              name_of(other->second), name_of(path), path.parent_path().string());
  }
}

Pairing pair_by_name(const std::vector<fs::path>& images, const std::vector<fs::path>& masks,
                     const fs::path& where, const DatasetOptions& options) {
  check_one_of_a_name(images);
  check_one_of_a_name(masks);
  return Pairer(images, masks, where, !options.mask_names.empty()).pair(options.pair_by_order);
}

void add_pairs(Dataset& dataset, const std::vector<fs::path>& images, const Pairing& pairing,
               const std::string& prefix, const DatasetOptions& options) {
  for (std::size_t i = 0; i < images.size(); ++i) {
    std::vector<fs::path> masks = pairing.masks_of[i];
    for (std::size_t k = 1; options.first_mask_only && k < masks.size(); ++k) {
      dataset.unused.push_back({masks[k], "is a further mask (--first-mask-only)"});
    }
    if (options.first_mask_only) masks.resize(1);
    DatasetItem item;
    item.id = prefix + images[i].stem().string();
    item.image = images[i];
    item.masks = std::move(masks);
    dataset.items.push_back(std::move(item));
  }
  dataset.unused.insert(dataset.unused.end(), pairing.unused.begin(), pairing.unused.end());
  dataset.notes.insert(dataset.notes.end(), pairing.notes.begin(), pairing.notes.end());
}

Candidates candidates_in(const Folder& folder, const DatasetOptions& options) {
  Candidates candidates;
  for (const fs::path& file : folder.files) {
    const bool is_image = is_image_path(file);
    if (is_image) candidates.images.push_back(file);
    const bool named = options.mask_names.empty() || fits_glob(file, options.mask_names);
    if (named && (is_image || is_labelme(file))) candidates.masks.push_back(file);
  }
  return candidates;
}

}  // namespace dmf
