#include <array>

#include "apps/data/layouts/layout.h"

namespace dmf {

std::span<const Layout> layouts() {
  static constexpr std::array kLayouts = {
      Layout{"class folders", "benign/ and malignant/ (BUSI)", is_class_folders,
             read_class_folders},
      Layout{"train, validation, test folders", "train/, val/ and test/", is_part_folders,
             read_part_folders},
      Layout{"nnU-Net", "imagesTr/ and labelsTr/ (nnU-Net)", is_nnunet, read_nnunet},
      Layout{"images + masks", "images/ and masks/", is_image_and_mask_folders,
             read_image_and_mask_folders},
      Layout{"masks beside images", "NAME.png with NAME_mask.png or a LabelMe NAME.json",
             is_masks_beside, read_masks_beside},
      Layout{"COCO", "a COCO JSON with its images", is_coco, read_coco},
  };
  return kLayouts;
}

}  // namespace dmf
