#include "apps/data/data_options.h"

#include "apps/support/option_set.h"

namespace dmf {
namespace {

constexpr Nature kPace = {.bears_on = BearsOn::pace, .may_vary = false};

void bind_dataset(const OptionGroup& add, DataOptions& o) {
  add.value("--data", o.folder, "Folder of the data set, or of the archive that holds it",
            {.bears_on = BearsOn::place,
             .may_change_on_resume = true,
             .may_vary = false,
             .is_path = true})
      ->check(not_empty());
  add.list("--classes", o.dataset.classes,
           "Class folders to read: benign, malignant, normal, or others");
  add.flag("--first-mask-only", o.dataset.first_mask_only,
           "Of an image's several masks take the first, not the union");
  add.flag("--pair-by-order", o.dataset.pair_by_order,
           "Pair images and masks in sorted order where their names do not tell");
  add.value(
      "--mask-names", o.dataset.mask_names,
      "Glob that masks and annotations fit, as \"*_mask*\" or \"labels/*\"; default: by rule");
  add.choice(
      "--first-frame", o.dataset.first_frame, kFirstFrames,
      "Of masks named after frames of a DICOM: the first one's number, 0, 1 or auto: as they "
      "tell");
  add.list("--label-classes", o.dataset.label_classes,
           "Labels of annotations as classes 1, 2, ...: labels to unite joined by +");
}

void bind_masks(const OptionGroup& add, DataOptions& o) {
  add.value("--num-classes", o.masks.classes,
            "Classes of the masks, background included; 0: as the masks say")
      ->check(whole_number(0, 256))
      ->check([](const std::string& text) {
        return text == "1" ? "got '1', expected 0 or a whole number from 2" : std::string();
      });
  add.value("--mask-values", o.masks.values,
            "Values in the masks by class: 0,100,200; of one class joined by +: 0,1+255");
  add.value("--mask-colours", o.masks.colours,
            "Colours in the masks by class: 000000,ff0000,00ff00");
  add.choice("--mask-from", o.masks.from, kMaskFrom,
             "Where the masks' classes are: auto, alpha, palette (its indices) or luminance");
  add.flag("--probability-masks", o.masks.probability,
           "The masks are probability maps, whatever they look like");
  add.value("--mask-threshold", o.masks.threshold,
            "Of soft masks: levels of at least this share of white are lesion")
      ->check(number_in(kAboveZeroToOne));
  add.flag("--invert-masks", o.masks.invert, "Lesion is where the masks are 0, two classes");
}

void bind_preprocessing(const OptionGroup& add, PreprocessSpec& o, Exif& exif) {
  add.value("--image", o.size, "Height and width of the network's input")
      ->check(whole_number(1, 4096));
  add.value("--channels", o.channels, "1: grey, 3: colour")->check(one_of({"1", "3"}));
  add.choice("--exif", exif, kExifs,
             "Orientation of images: apply, ignore, or auto: where masks fit one way only, that "
             "way");
  add.value("--white-level", o.white_level,
            "Of images of more than 8 bits: the value that is white; 0: the largest of their type")
      ->check(whole_number(0, 65535));
  add.choice("--resize", o.interpolation, kInterpolations,
             "Interpolation: " + any_of_text(names_of(kInterpolations)));
  add.choice("--label-resize", o.label_resize, kLabelResizes, "Labels: " + help_of(kLabelResizes));
  add.choice("--fit", o.keep_aspect, kFits, help_of(kFits));
  add.flag("--bilateral", o.bilateral, "Smooth with a bilateral filter");
  add.value("--bilateral-d", o.filter.diameter, "Diameter of its window")
      ->check(whole_number(1, 99));
  add.value("--bilateral-sigma-space", o.filter.sigma_space, "In pixels")
      ->check(number_in(kAboveZero));
  add.value("--bilateral-sigma-range", o.filter.sigma_range, "In intensity, 0 to 1")
      ->check(number_in(kAboveZero));
  add.flag("--bilateral-square", o.filter.square,
           "The whole square of the paper's formula, not OpenCV's disc");
  add.flag("--clahe", o.clahe, "Contrast-limited adaptive histogram equalisation");
  add.value("--clahe-clip", o.equalisation.clip,
            "Most pixels of one intensity, in what all would have if they had as many")
      ->check(number_in(kAboveZero));
  add.value("--clahe-tiles", o.equalisation.tiles, "Tiles a side")->check(whole_number(1, 1024));
  add.flag("--standardise", o.standardise,
           "Every image's intensities to mean 1/2 and standard deviation 1/6");
}

}  // namespace

void DataOptions::bind(OptionSet& set) {
  const OptionGroup add(set, "Data");
  bind_dataset(add, *this);
  bind_masks(add, *this);
  add.flag("--skip-broken", skip_broken, "Leave out images that cannot be used, and count them",
           kPace);
  add.flag("--anonymise", anonymise,
           "In all that is written but config.toml, call images by neutral names, not their "
           "files'");
  add.value("--cache-mb", cache_mb, "Memory for decoded images", kPace)
      ->check(whole_number(0, 1 << 20));
  bind_preprocessing(add, preprocess, exif);
}

}  // namespace dmf
