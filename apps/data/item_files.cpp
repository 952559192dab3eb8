#include "apps/data/item_files.h"

#include <algorithm>

#include "apps/image/codecs/image_file.h"
#include "apps/image/upright.h"
#include "engine/core/check.h"

namespace dmf {
namespace {

/// Whether an image's EXIF orientation is to be applied so that its labels fit.
///
/// height, width        of the labels; 0 where that is not known
/// orientation_of_mask  its own tag, which has been applied
bool is_upright_meant(const RawImage& image, int height, int width, int orientation_of_mask,
                      const DatasetItem& item, Exif exif) {
  if (exif != Exif::as_masks_fit) return exif == Exif::apply;
  const bool lies = image.orientation >= 5;  // turned by a quarter
  if (lies && image.height != image.width && height > 0) {
    return height == image.width && width == image.height;
  }
  if (orientation_of_mask == image.orientation) return true;
  throw IoError(fmt::format(
      "[data] image {} has the EXIF orientation {}, and its mask fits turned or not: give --exif "
      "apply if masks were drawn on the upright image, --exif ignore if on the pixels as stored.",
      item.image.string(), image.orientation));
}

/// The labels of masks that are all upright.
LabelMap united(const std::vector<RawImage>& masks, const DatasetItem& item,
                const MaskEncoding& encoding) {
  LabelMap labels = to_labels(item.masks.front(), masks.front(), encoding);
  for (std::size_t m = 1; m < masks.size(); ++m) {
    check_mask_size(masks[m], item.masks[m], item, labels.height, labels.width);
    unite(labels, to_labels(item.masks[m], masks[m], encoding), encoding.ignored);
  }
  return labels;
}

}  // namespace

ItemFiles read_files(const DatasetItem& item, Exif exif) {
  ItemFiles files;
  files.image = read_image(item.image, item.frame);
  int orientation_of_mask = 1;
  for (const auto& path : item.masks) {
    RawImage mask = read_image(path, item.mask_frame);
    if (files.masks.empty()) orientation_of_mask = mask.orientation;
    files.masks.push_back(upright(std::move(mask)));
  }
  if (files.image.orientation != 1) {
    const bool drawn = item.annotation.has_value();
    const int height = drawn ? item.annotation->height : files.masks.front().height;
    const int width = drawn ? item.annotation->width : files.masks.front().width;
    const bool apply =
        is_upright_meant(files.image, height, width, orientation_of_mask, item, exif);
    files.turned = apply ? Turned::as_tagged : Turned::as_stored;
    if (apply) files.image = upright(std::move(files.image));
  }
  return files;
}

void check_mask_size(const RawImage& mask, const std::filesystem::path& path,
                     const DatasetItem& item, int height, int width) {
  DMF_CHECK(mask.height == height && mask.width == width, IoError,
            "[data] mask {} is {} x {}, its image {} is {} x {}: expected the same size.",
            path.string(), mask.width, mask.height, item.image.string(), width, height);
}

LabelMap labels_in(const ItemFiles& files, const DatasetItem& item, const MaskEncoding& encoding) {
  return item.annotation ? draw(*item.annotation, files.image.height, files.image.width)
                         : united(files.masks, item, encoding);
}

Image probabilities_in(const ItemFiles& files, const MaskEncoding& encoding) {
  Image lesion = to_probabilities(files.masks.front(), encoding);
  for (std::size_t m = 1; m < files.masks.size(); ++m) {
    unite(lesion, to_probabilities(files.masks[m], encoding));
  }
  return lesion;
}

void unite(Image& target, const Image& other) {
  for (std::size_t i = 0; i < target.pixels.size(); ++i) {
    target.pixels[i] = std::max(target.pixels[i], other.pixels[i]);
  }
}

LabelMap read_labels(const DatasetItem& item, const MaskEncoding& encoding, Exif exif) {
  if (item.annotation) {
    if (item.annotation->height > 0) {
      return draw(*item.annotation, item.annotation->height, item.annotation->width);
    }
    const RawImage image = read_files(item, exif).image;
    return draw(*item.annotation, image.height, image.width);
  }
  std::vector<RawImage> masks;
  for (const auto& path : item.masks) {
    masks.push_back(upright(read_image(path, item.mask_frame)));
  }
  return united(masks, item, encoding);
}

}  // namespace dmf
