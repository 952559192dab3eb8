#include <algorithm>
#include <map>
#include <set>

#include "apps/data/annotations/json_reader.h"
#include "apps/data/layouts/layout.h"
#include "apps/data/layouts/name_keys.h"
#include "apps/data/layouts/pairing.h"
#include "apps/image/codecs/file_format.h"
#include "engine/core/check.h"

namespace dmf {
namespace {

namespace fs = std::filesystem;

/// The pictures of one folder, told apart by their names.
class Pictures {
 public:
  explicit Pictures(const std::vector<fs::path>& files) : files_(files) {
    for (std::size_t i = 0; i < files.size(); ++i) by_key_.emplace(name_key(files[i]), i);
  }

  /// Names around another's with mask words: "a_mask" beside "a".
  std::set<std::size_t> around_others() const {
    std::set<std::size_t> masks;
    each_affix([](const Affix& affix) { return affix.is_known && affix.has_mask_word; },
               [&](std::size_t file, std::size_t, const Affix&) { masks.insert(file); });
    return masks;
  }

  /// Names with a mask word that are another's but for such words: "mask_1" beside "image_1".
  std::set<std::size_t> with_words() const {
    std::set<std::string> others;
    std::vector<bool> has_word;
    for (const fs::path& file : files_) {
      const std::vector<std::string> words = words_of(name_key(file));
      has_word.push_back(std::any_of(words.begin(), words.end(), is_mask_word));
      if (!has_word.back()) others.insert(bare_key(name_key(file)));
    }
    std::set<std::size_t> masks;
    for (std::size_t i = 0; i < files_.size(); ++i) {
      const std::string bare = bare_key(name_key(files_[i]));
      const std::size_t last = bare.find_last_not_of("0123456789");
      const bool is_further = last != std::string::npos && others.contains(bare.substr(0, last));
      if (has_word[i] && (others.contains(bare) || is_further)) masks.insert(i);
    }
    return masks;
  }

  /// The one prefix and suffix of letters that makes every other name of this folder.
  std::set<std::size_t> by_shared_affix() const {
    std::map<std::pair<std::string, std::string>, std::map<std::size_t, std::size_t>> by_affix;
    each_affix([](const Affix& affix) { return !affix.prefix.empty() || !affix.suffix.empty(); },
               [&](std::size_t file, std::size_t inner, const Affix& affix) {
                 by_affix[{affix.prefix, affix.suffix}][file] = inner;
               });
    std::vector<std::set<std::size_t>> complete;
    for (const auto& [affix, image_of] : by_affix) {
      std::set<std::size_t> masks, images;
      for (const auto& [mask, image] : image_of) {
        masks.insert(mask);
        images.insert(image);
      }
      const bool apart = std::none_of(images.begin(), images.end(),
                                      [&](std::size_t image) { return masks.contains(image); });
      if (apart && masks.size() + images.size() == files_.size()) complete.push_back(masks);
    }
    return complete.size() == 1 ? complete.front() : std::set<std::size_t>();
  }

 private:
  /// For each name the longest other within it whose surroundings are wanted.
  template <class Wanted, class Task>
  void each_affix(const Wanted& wanted, const Task& task) const {
    for (std::size_t i = 0; i < files_.size(); ++i) {
      const std::string key = name_key(files_[i]);
      bool found = false;
      for (std::size_t size = key.size() - std::min<std::size_t>(1, key.size()); size > 0 && !found;
           --size) {
        for (std::size_t at = 0; at + size <= key.size() && !found; ++at) {
          const std::string inner = key.substr(at, size);
          const auto other = by_key_.find(inner);
          if (other == by_key_.end()) continue;
          const auto affix = affix_around(key, inner, at);
          if (affix && wanted(*affix)) {
            found = true;
            task(i, other->second, *affix);
          }
        }
      }
    }
  }

  const std::vector<fs::path>& files_;
  std::map<std::string, std::size_t> by_key_;
};

/// The pictures that are images and those that are masks, with LabelMe files; no masks where the
/// names do not tell.
Candidates told_apart(const Folder& folder, const DatasetOptions& options) {
  const Candidates all = candidates_in(folder, options);
  Candidates apart;
  for (const fs::path& file : all.masks) {
    if (!is_image_path(file)) apart.masks.push_back(file);
  }
  if (!options.mask_names.empty()) {
    apart.masks = all.masks;
    for (const fs::path& file : all.images) {
      if (!fits_glob(file, options.mask_names)) apart.images.push_back(file);
    }
    return apart;
  }
  const Pictures pictures(all.images);
  std::set<std::size_t> masks = pictures.around_others();
  if (masks.empty()) masks = pictures.with_words();
  const bool has_coco = std::any_of(folder.files.begin(), folder.files.end(), [](const auto& file) {
    return annotation_kind(file) == AnnotationKind::coco;
  });
  if (masks.empty() && apart.masks.empty() && !has_coco) masks = pictures.by_shared_affix();
  for (std::size_t i = 0; i < all.images.size(); ++i) {
    (masks.contains(i) ? apart.masks : apart.images).push_back(all.images[i]);
  }
  return apart;
}

bool fits(const Folder& folder, const DatasetOptions& options) {
  const Candidates apart = told_apart(folder, options);
  return !apart.images.empty() && !apart.masks.empty();
}

Dataset read(const Folder& folder, const DatasetOptions& options) {
  const Candidates apart = told_apart(folder, options);
  Dataset dataset;
  add_pairs(dataset, apart.images, pair_by_name(apart.images, apart.masks, folder.path, options),
            "", options);
  return dataset;
}

}  // namespace

const Layout masks_beside_layout = {
    "masks beside images", "NAME.png with NAME_mask.png or a LabelMe NAME.json", fits, read};

}  // namespace dmf
