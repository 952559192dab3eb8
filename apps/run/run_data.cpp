#include "apps/run/run_data.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <set>

#include "apps/data/anonymise.h"
#include "apps/data/duplicates.h"
#include "apps/data/groups.h"
#include "apps/support/machine_limits.h"
#include "apps/support/progress.h"
#include "apps/support/text.h"
#include "apps/support/within_memory.h"
#include "engine/core/check.h"

namespace dmf {
namespace {

/// What --cache-mb allows, or half of what is free where that is less: the rest is decoded again
/// when it is needed, and results do not depend on it.
std::size_t cache_bytes(const TrainOptions& options) {
  const auto allowed = static_cast<double>(options.data.cache_mb) * 1048576.0;
  return static_cast<std::size_t>(std::min(allowed, available_memory(Device::cpu()) / 2.0));
}

}  // namespace

SampleSet load_samples(const TrainOptions& options) {
  return load_samples(options, options.data.preprocess, std::nullopt);
}

SampleSet load_samples(const TrainOptions& options, const PreprocessSpec& preprocess,
                       const std::optional<MaskEncoding>& masks) {
  SampleSetOptions how;
  how.preprocess = preprocess;
  how.masks = options.mask_options();
  how.encoding = masks;
  how.exif = options.data.exif;
  how.skip_broken = options.data.skip_broken;
  how.soft_labels = options.soft_labels;
  how.cache_bytes = cache_bytes(options);
  CountBar bar;
  how.on_progress = std::ref(bar);
  return within_memory("while reading the images of " + options.data.folder,
                       "A smaller --cache-mb, --image or --threads needs less", [&] {
                         Dataset dataset = find_dataset(options.data.folder, options.data.dataset);
                         if (options.data.anonymise) anonymise(dataset);
                         if (options.data.masks.classes > 0)
                           check_class_count(dataset, options.data.masks.classes);
                         return SampleSet(std::move(dataset), how);
                       });
}

namespace {

std::vector<std::string> patients_of(const SampleSet& samples) {
  std::vector<std::string> patients;
  for (std::size_t i = 0; i < samples.size(); ++i) patients.push_back(samples.header(i).patient);
  return patients;
}

bool has_patients(const SampleSet& samples) {
  const std::vector<std::string> patients = patients_of(samples);
  return std::any_of(patients.begin(), patients.end(),
                     [](const std::string& patient) { return !patient.empty(); });
}

/// The groups that the user names, as patients; else the patients that the files name. Frames of a
/// file are in one.
std::vector<std::size_t> named_groups(const TrainOptions& options, const SampleSet& samples) {
  const std::vector<DatasetItem>& items = samples.dataset().items;
  DMF_CHECK(options.split.groups.empty() || options.split.group_by.empty(), ValueError,
            "[groups] --groups and --group-by are given: expected one of them.");
  const std::vector<std::size_t> named =
      !options.split.groups.empty()     ? groups_from_table(read_csv(options.split.groups), items)
      : !options.split.group_by.empty() ? groups_by_pattern(options.split.group_by, items)
                                        : groups_by_name(patients_of(samples));
  return united_groups(named, groups_of_files(items));
}

/// A PatientID that is no one's, as an archive's "ANONYMOUS", must not be a riddle.
void check_patients(const TrainOptions& options, const SampleSet& samples,
                    const std::vector<std::size_t>& groups) {
  const std::size_t needed =
      options.split.folds > 0 ? static_cast<std::size_t>(options.split.folds) : 3;
  const std::size_t found = std::set<std::size_t>(groups.begin(), groups.end()).size();
  DMF_CHECK(
      options.split.names_groups() || found >= needed || found == groups.size() ||
          !has_patients(samples),
      IoError,
      "[split] the {} images are of {} patient{}, as the DICOM files' PatientID says: expected at "
      "least {}, as a patient's images stay on one side. If it is no patient's, say who is who "
      "with --groups FILE.csv, or give --group-by '.*' where each image is of another.",
      groups.size(), found, found == 1 ? "" : "s", needed);
}

std::uint64_t seed_of_split(const TrainOptions& options) {
  return options.split.seed == 0 ? options.seed : options.split.seed;
}

bool is_drawn_in_groups(const TrainOptions& options) {
  return options.split.rule.grouped;
}

bool may_be_given(const TrainOptions& options) {
  return !options.split.from_file() && options.split.folds == 0 && options.split.rule.given;
}

/// What one fold of a cross-validation sees.
Split of_fold(const TrainOptions& options, const std::vector<std::size_t>& fold_of,
              const std::vector<std::size_t>& groups) {
  const SplitOptions& wanted = options.split;
  Split split = split_by_fold(fold_of, wanted.fold, wanted.set_aside);
  if (wanted.validation_share > 0)
    draw_validation(split, groups, wanted.validation_share, seed_of_split(options));
  return split;
}

Split divided(const TrainOptions& options, const SampleSet& samples,
              std::vector<std::size_t> groups) {
  if (!options.split.split_file.empty())
    return parse_split(read_csv(options.split.split_file), samples);
  if (!options.split.folds_file.empty()) {
    return of_fold(options, parse_folds(read_csv(options.split.folds_file), samples), groups);
  }
  if (is_drawn_in_groups(options)) {
    const auto alike = near_duplicates(samples, options.split.duplicate_threshold);
    groups = united_groups(groups, groups_of(alike, samples.size()));
  }
  const std::uint64_t seed = seed_of_split(options);
  if (may_be_given(options)) {
    const auto given = given_split(samples.dataset().items, groups, seed);
    if (given) return *given;
  }
  check_patients(options, samples, groups);
  if (options.split.folds == 0) return split_by_seed(groups, seed);
  return of_fold(options, folds_by_seed(groups, options.split.folds, seed), groups);
}

/// What scaling to the network's size does to lesions, where it does anything.
std::string describe_lesions(const SampleSet& samples) {
  int kept = 0, lost = 0;
  std::vector<std::string> kept_in, lost_in, all_lost_in;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const SampleSet::Lesions& lesions = samples.lesions(i);
    kept += lesions.kept;
    lost += lesions.lost;
    if (lesions.kept > 0) kept_in.push_back(samples.item(i).own_name());
    if (lesions.lost > 0) lost_in.push_back(samples.item(i).own_name());
    if (lesions.all_lost) all_lost_in.push_back(samples.item(i).own_name());
  }
  std::string text;
  if (kept > 0) {
    text += fmt::format(
        "          {} lesion{} too small for a pixel at the network's size {} one: {}\n", kept,
        kept == 1 ? "" : "s", kept == 1 ? "was given" : "were given", first_few(kept_in));
  }
  if (lost > 0) {
    text += fmt::format("warning: {} lesion{} no pixel at the network's size: {}\n", lost,
                        lost == 1 ? " has" : "s have", first_few(lost_in));
  }
  if (!all_lost_in.empty()) {
    text += fmt::format("warning: no lesion is left of {}\n", first_few(all_lost_in));
  }
  return text;
}

/// A part without any lesion teaches nothing, and its best epoch would be chosen among zeros.
void check_lesions(const SampleSet& samples, const Split& split) {
  const auto has_lesion = [&](std::size_t i) {
    return samples.lesions(i).share > 0.0 && !samples.lesions(i).all_lost;
  };
  const auto lesions_in = [&](const std::vector<std::size_t>& part) {
    return std::count_if(part.begin(), part.end(), has_lesion);
  };
  std::size_t all = 0;
  for (std::size_t i = 0; i < samples.size(); ++i) all += has_lesion(i) ? 1u : 0u;
  DMF_CHECK(all > 0, IoError,
            "[data] no mask of {} has any lesion, {} is the first of {} images ({}): there is "
            "nothing to learn. Expected lesion pixels: compare the masks with --mask-values, "
            "--mask-from or --invert-masks.",
            samples.dataset().root.string(), samples.item(0).own_name(), samples.size(),
            samples.mask_encoding().describe());
  for (const auto& [part, name] :
       {std::pair(&split.train, "training"), std::pair(&split.validation, "validation")}) {
    DMF_CHECK(
        lesions_in(*part) > 0, IoError,
        "[data] none of the {} {} images has a lesion (first {}), {} of all {} have one: give "
        "another division, such as --split-seed 2.",
        part->size(), name, part->empty() ? "none" : samples.item(part->front()).own_name(), all,
        samples.size());
  }
}

/// How images belong together as those of one patient, where anything says so.
std::string describe_patients(const SampleSet& samples, const TrainOptions& options) {
  std::map<std::string, std::size_t> patients;
  std::vector<std::string> without;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const std::string& patient = samples.header(i).patient;
    if (patient.empty()) {
      without.push_back(samples.item(i).own_name());
    } else {
      ++patients[patient];
    }
  }
  std::string text;
  if (!patients.empty()) {
    const std::size_t with = samples.size() - without.size();
    text =
        fmt::format("patients  {} in {} image{}, by the DICOM files' PatientID: ", patients.size(),
                    with, with == 1 ? "" : "s");
    text += options.split.names_groups()
                ? fmt::format("not used, as {} says who belongs together",
                              options.split.groups.empty() ? "--group-by" : "--groups")
                : "each stays on one side";
    if (!without.empty() && !options.split.names_groups()) {
      text += fmt::format("; {} image{} without: each by itself", without.size(),
                          without.size() == 1 ? "" : "s");
    }
    text += "\n";
  }
  const std::string warning = warn_several_per_patient(without);
  if (!options.split.names_groups() && !warning.empty()) text += warning + "\n";
  return text;
}

}  // namespace

Split make_split(const TrainOptions& options, const SampleSet& samples) {
  const std::vector<std::size_t> groups = named_groups(options, samples);
  Split split = divided(options, samples, groups);
  check_whole_groups(split, groups, samples.dataset().items);
  check_lesions(samples, split);
  return split;
}

std::string describe_split(const TrainOptions& options, const SampleSet& samples) {
  if (!options.split.split_file.empty()) return "split from a file";
  if (!options.split.folds_file.empty())
    return fmt::format("fold {} from a file", options.split.fold);
  const std::uint64_t seed = seed_of_split(options);
  const std::string how = is_drawn_in_groups(options) ? "grouped" : "random";
  std::string named;
  if (!options.split.groups.empty()) named = ", groups from a file";
  if (!options.split.group_by.empty()) {
    named = options.data.anonymise ? ", groups by a pattern"
                                   : fmt::format(", groups by '{}'", options.split.group_by);
  }
  if (!options.split.names_groups() && has_patients(samples)) named = ", groups by PatientID";
  std::set<std::string> parts;
  for (const DatasetItem& item : samples.dataset().items) parts.insert(item.part);
  const bool are_given = parts.size() > 1;
  if (are_given && may_be_given(options)) {
    std::string drawn;
    for (const char* part : {"validation", "test"}) {
      if (!parts.contains(part)) {
        drawn = fmt::format(", {} drawn from the training images, {}{}, seed {}", part, how, named,
                            seed);
      }
    }
    return "split given by the folders" + drawn;
  }
  const std::string unused = are_given ? "; the folders' own parts are not used" : "";
  if (options.split.folds == 0)
    return fmt::format("{} split{}, seed {}{}", how, named, seed, unused);
  return fmt::format("fold {} of {}, {}{}, seed {}{}", options.split.fold, options.split.folds, how,
                     named, seed, unused);
}

std::string describe_masks(const MaskEncoding& encoding) {
  return encoding.evidence.empty() ? encoding.describe()
                                   : fmt::format("{} ({})", encoding.describe(), encoding.evidence);
}

std::string describe_samples(const SampleSet& samples, const TrainOptions& options) {
  std::map<std::string, std::size_t> counts;
  double share = 0.0;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    ++counts[samples.item(i).image_class];
    share += samples.lesions(i).share / static_cast<double>(samples.size());
  }
  std::string text =
      fmt::format("data      {}: {} images", samples.dataset().layout, samples.size());
  const Dataset& dataset = samples.dataset();
  for (const auto& [name, count] : counts) {
    const auto of = dataset.published.find(name);
    if (of != dataset.published.end()) {
      text += fmt::format(", {} {} ({}: {})", count, name, dataset.layout, of->second);
    } else if (!name.empty()) {
      text += fmt::format(", {} {}", count, name);
    }
  }
  text += fmt::format("; lesion {:.1f} % of the pixels\n", 100.0 * share);
  text += fmt::format("masks     {}\n", describe_masks(samples.mask_encoding()));
  text += describe_lesions(samples);
  const std::string unused = describe_unused(samples.dataset());
  if (!unused.empty()) text += unused + "\n";
  text += describe_patients(samples, options);
  for (const std::string& note : samples.dataset().notes)
    text += fmt::format("          {}\n", note);
  for (const std::string& note : samples.notes()) text += fmt::format("{}\n", note);
  if (!samples.broken().empty()) {
    text +=
        fmt::format("warning: {} broken image{} left out: {}\n", samples.broken().size(),
                    samples.broken().size() == 1 ? "" : "s", fmt::join(samples.broken(), " | "));
  }
  return text;
}

std::string describe_data(const RunData& data, const TrainOptions& options) {
  return describe_samples(data.samples, options) +
         fmt::format("split     {}: {} train, {} validation, {} test",
                     describe_split(options, data.samples), data.split.train.size(),
                     data.split.validation.size(), data.split.test.size());
}

}  // namespace dmf
