#pragma once

#include <string>
#include <vector>

#include "apps/data/layouts/dataset.h"
#include "apps/image/image.h"
#include "apps/image/masks/mask_encoding.h"
#include "engine/core/choice.h"

namespace dmf {

/// What the EXIF orientation of an image came to.
enum class Turned { none, as_tagged, as_stored };

/// What is done with it.
enum class Exif { as_masks_fit, apply, ignore };
inline constexpr Named<Exif> kExifs[] = {
    {"auto", Exif::as_masks_fit, "where masks fit one way only, that way"},
    {"apply", Exif::apply, "turn images upright"},
    {"ignore", Exif::ignore, "take the pixels as stored"}};

/// An item's files, the image turned as its masks are.
struct ItemFiles {
  RawImage image;
  std::vector<RawImage> masks;
  Turned turned = Turned::none;
};

/// throws  IoError for a file that cannot be read, and an orientation that leaves a doubt
ItemFiles read_files(const DatasetItem& item, Exif exif);

/// throws  IoError for a mask of another size than its image
void check_mask_size(const RawImage& mask, const std::filesystem::path& path,
                     const DatasetItem& item, int height, int width);

/// The labels of all masks of an item together, once all are upright; or its annotation drawn.
///
/// throws  IoError for masks that differ in size or hold what the encoding does not cover
LabelMap labels_in(const ItemFiles& files, const DatasetItem& item, const MaskEncoding& encoding);

/// The probabilities of a lesion in all masks of an item together, each pixel's the largest, once all
/// are upright.
///
/// encoding  of probability maps
Image probabilities_in(const ItemFiles& files, const MaskEncoding& encoding);
/// Raises every probability in `target` to that of `other`. Sizes must agree.
void unite(Image& target, const Image& other);

/// The union of an item's masks, or its annotation drawn, at the image's own size; a mask's own EXIF
/// orientation is applied. The image is not read where it need not be.
///
/// exif    as read_files() takes it, where an annotation does not give the image's size
/// throws  IoError for a mask that cannot be read, differs in size from the others or holds what
///         the encoding does not cover
LabelMap read_labels(const DatasetItem& item, const MaskEncoding& encoding,
                     Exif exif = Exif::as_masks_fit);

}  // namespace dmf
