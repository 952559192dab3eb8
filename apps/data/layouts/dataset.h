#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "apps/data/annotations/annotation.h"
#include "apps/files/folders.h"
#include "engine/core/choice.h"

namespace dmf {

/// One image with the files that hold its truth.
struct DatasetItem {
  std::string id;           // path of the image relative to the data set, without extension
  std::string image_class;  // "benign", ...; empty where the layout knows none
  std::filesystem::path image;
  std::vector<std::filesystem::path>
      masks;         // several are united; none where there is an annotation
  std::string part;  // "train", "validation" or "test" where the folders say so; else empty
  std::optional<Annotation> annotation;  // outlines to draw instead of masks
  int frame = 0, mask_frame = 0;  // of a DICOM with several: which of image and masks, from 0
  std::string anonymised_from;    // what the id was; empty unless it is a neutral name

  /// What the image is called by those who have its file.
  const std::string& own_name() const { return anonymised_from.empty() ? id : anonymised_from; }
};

/// The file, {"simulated": true, ...}, that tells a folder of simulated images from one of patients'.
inline constexpr const char* kPhantomRecord = "phantom.json";

/// Where the numbers of masks named after frames begin.
inline constexpr Named<std::optional<int>> kFirstFrames[] = {
    {"auto", std::nullopt, "as they tell"}, {"0", 0, "at 0"}, {"1", 1, "at 1"}};

struct DatasetOptions {
  std::vector<std::string> classes = {"benign", "malignant"};  // class folders to read
  bool first_mask_only = false;
  bool pair_by_order = false;              // images and masks whose names do not tell
  std::string mask_names;                  // glob that tells masks from other files; empty: by rule
  std::optional<int> first_frame;          // see expand_frames()
  std::vector<std::string> label_classes;  // of annotations: labels joined by +, one entry a class
};

/// Images with masks, found in a folder.
struct Dataset {
  std::filesystem::path root;      // where the layout was found: the folder given, or one inside
  std::string layout;              // its name in the table of layouts
  bool simulated = false;          // phantom wrote it
  std::vector<DatasetItem> items;  // in natural order of their ids
  std::vector<std::string> notes;  // what a user should know about how files were paired
  std::vector<UnusedFile> unused;  // by path
  std::vector<std::string> class_names;  // of classes 1, 2, ... where annotations name them
  std::map<std::string, int>
      published;  // images of each class, where it is an archive that is known
};

/// Finds a data set in `folder` or up to three levels below. The layouts, one file each in
/// apps/data/layouts:
///
///   BUSI             benign/, malignant/, normal/ (or what `classes` names) with their masks beside
///   class folders    the same with images/ and masks/, or anything below, inside
///   train, validation, test folders   each with any layout: a given split
///   images + masks   two such folders (also image, imgs, JPEGImages, labels, gt, groundtruth, ...,
///                    in any case, also train_images and train_masks), with sub-folders alike
///   nnU-Net          imagesTr + labelsTr, imagesTs + labelsTs, "_0000" left out
///   masks beside     "case1.png" and "case1_mask.png", with any common prefix or suffix
///   COCO             a JSON of polygons or run lengths (also CVAT's) with its images
///
/// Wherever a mask may be, a LabelMe JSON may be. Masks are paired with images by name: case does
/// not matter, '-', '_' and ' ' are alike, words such as "mask" and what all names have in common
/// are taken away; NAME_1, NAME_2 (NAME_mask_1, ...) are several masks of one image. An image that
/// itself has such a name keeps it. Frames of a DICOM are items, see expand_frames(). Links are
/// followed, loops are not. Every other file in the folders is in `unused` with its reason.
///
/// Ids are valid UTF-8 without control characters (escaped_name).
///
/// throws  IoError: no such folder, no layout found (with what was seen), several found, images
///         without masks, two files of one name, masks that may belong to two images, a class
///         folder that is not there, annotations that are not sound
Dataset find_dataset(const std::filesystem::path& folder, const DatasetOptions& options);

/// At most two lines on the files that are not used; empty where there are none.
std::string describe_unused(const Dataset& dataset);

/// Fails where annotations name more classes than the network has.
///
/// classes  of the network, background included
/// throws   ValueError naming the labels and the options
void check_class_count(const Dataset& dataset, int classes);

}  // namespace dmf
