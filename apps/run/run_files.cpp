#include "apps/run/run_files.h"

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>

#include "apps/image/codecs/image_file.h"
#include "apps/run/provenance.h"
#include "apps/run/run_folder.h"
#include "apps/run/run_identity.h"
#include "engine/core/check.h"
#include "engine/io/atomic_file.h"
#include "engine/io/hash.h"
#include "engine/io/safetensors.h"

namespace dmf {
namespace {

namespace fs = std::filesystem;

constexpr std::uintmax_t kLargestText = std::uintmax_t{1} << 28;
const std::string kPartial = ".partial";

/// Whether a metadata entry is there and says so; `missing` where it is not there.
bool says(const Safetensors& file, const std::string& key, const std::string& value, bool missing) {
  const auto found = file.metadata.find(key);
  return found == file.metadata.end() ? missing : found->second == value;
}

/// Whether a log that grows has this head, or was stopped while it wrote it.
bool begins(const std::string& log, const std::string& head) {
  return log.starts_with(head) || head.starts_with(log);
}

/// Judges the files of one folder by their content.
class Judge {
 public:
  Judge(const fs::path& folder, const std::map<std::string, std::string>& about_to_write)
      : folder_(folder), about_to_write_(about_to_write) {
    try {
      from_ = read_provenance(folder / "run.json");
    } catch (const IoError&) {  // none, or none of ours
    }
  }

  /// Whether train wrote the file, which has the name of one that it writes.
  bool is_ours(const std::string& name) const {
    if (name.ends_with(kPartial)) return true;
    const auto same = about_to_write_.find(name);
    if (same != about_to_write_.end() && without_id(text(name)) == without_id(same->second)) {
      return true;
    }
    if (!from_) return false;
    try {
      return is_recorded(folder_, name, from_->files) || is_ours_by_content(name);
    } catch (const Error&) {
      return false;
    }
  }

  /// Whether a file of ours says that a training got somewhere.
  bool is_progress(const std::string& name) const {
    if (name == "checkpoint.safetensors") return !says(tensors(name), "step", "0", false);
    return name == "best.safetensors" || name == "last.safetensors" || name == "metrics.json";
  }

 private:
  std::string text(const std::string& name) const {
    return read_file(folder_ / name, kLargestText);
  }
  Safetensors tensors(const std::string& name) const { return read_safetensors(folder_ / name); }

  static std::string without_id(const std::string& content) {
    return run_id_in(content).empty() ? content : content.substr(content.find('\n') + 1);
  }

  bool is_ours_by_content(const std::string& name) const {
    if (from_->files.contains(name)) return false;  // it was changed since
    const std::string& id = from_->id;
    if (name == "run.json") return true;
    if (name == "config.toml") return id.empty() || run_id_in(text(name)) == id;
    if (name == "split.csv") return text(name).starts_with("id,part\n");
    if (name == "steps.csv") return begins(text(name), "step,epoch,");
    if (name == "epochs.csv") return begins(text(name), "epoch,train_loss,");
    if (name == "per_image.csv") return text(name).starts_with("id,lesion_share,");
    if (name == "report.html") {
      return text(name).find("Research software, not for diagnosis.") != std::string::npos;
    }
    if (name == "metrics.json") {
      const auto json = nlohmann::json::parse(text(name), nullptr, false);
      return json.is_object() && json.contains("part") && json.value("run", id) == id;
    }
    if (name == "not_finite.safetensors") return tensors(name).metadata.contains("reason");
    if (name == "checkpoint.safetensors") {
      const Safetensors file = tensors(name);
      return says(file, "format", "dmf-checkpoint", false) && says(file, "run", id, true);
    }
    if (name.ends_with(".safetensors")) {
      const Safetensors file = tensors(name);
      return says(file, "format", "dmf-unet", false) && says(file, "run", id, true);
    }
    if (name.starts_with("events.") && text(name).empty()) return true;
    if (name.starts_with("events.")) return text(name).find("brain.Event:2") != std::string::npos;
    return id.empty() && is_panel(name);
  }

  /// Of an older version: three square pictures side by side.
  bool is_panel(const std::string& name) const {
    const RawImage image = read_image(folder_ / name);
    return image.width == 3 * image.height + 16 && image.channels == 3;
  }

  fs::path folder_;
  const std::map<std::string, std::string>& about_to_write_;
  std::optional<Provenance> from_;
};

/// Names of a run's files, in the order in which they go: the scores first, which say that the run
/// is complete; then what makes it a run; last what tells its files from others.
const std::vector<std::string> kNames = {"metrics.json",
                                         "config.toml",
                                         "report.html",
                                         "best.safetensors",
                                         "last.safetensors",
                                         "checkpoint.safetensors",
                                         "not_finite.safetensors",
                                         "MODEL_CARD.md",
                                         "per_image.csv",
                                         "epochs.csv",
                                         "steps.csv",
                                         "events.out.tfevents.0.dmf",
                                         "split.csv",
                                         "run.json"};

std::size_t rank_of(const std::string& name) {
  const std::string whole =
      name.ends_with(kPartial) ? name.substr(0, name.size() - kPartial.size()) : name;
  return static_cast<std::size_t>(std::find(kNames.begin(), kNames.end(), whole) - kNames.begin());
}

/// Panels have names of their images: all PNG files there may be some.
bool is_in_panels(const std::string& name) {
  return name.starts_with("panels/") && (name.ends_with(".png") || name.ends_with(".png.partial"));
}

bool is_panel_folder(const std::string& name) {
  return name == "panels" || name == "panels/worst" || name == "panels/best";
}

void require_no_run(const fs::path& folder, const FolderContent& content) {
  DMF_CHECK(!content.trained, IoError,
            "[run] {} is not empty, it holds a run: go on with it ({}), give another --out, or "
            "--overwrite.",
            folder.string(), resume_command(folder));
  DMF_CHECK(!content.others, IoError, "[run] {} is not empty: give another --out, or --overwrite.",
            folder.string());
}

}  // namespace

FolderContent look_into(const fs::path& folder,
                        const std::map<std::string, std::string>& about_to_write) {
  const Judge judge(folder, about_to_write);
  FolderContent content;
  std::vector<std::string> found;
  for (auto entry = fs::recursive_directory_iterator(folder);
       entry != fs::recursive_directory_iterator(); ++entry) {
    const std::string name = entry->path().lexically_relative(folder).string();
    const bool is_folder = entry->is_directory() && !entry->is_symlink();
    if (is_folder && is_panel_folder(name)) continue;
    if (is_folder) entry.disable_recursion_pending();
    const bool fixed = rank_of(name) < kNames.size();
    if (!fixed && !is_in_panels(name)) {
      content.others = true;
    } else if (!entry->is_symlink() && entry->is_regular_file() && judge.is_ours(name)) {
      found.push_back(name);
      content.trained = content.trained || judge.is_progress(name);
    } else if (fixed) {
      content.in_the_way.push_back(folder / name);
    } else {
      content.others = true;  // a picture among the panels, which is left as it is
    }
  }
  std::sort(found.begin(), found.end(), [](const std::string& a, const std::string& b) {
    const auto place = [](const std::string& name) {  // panels after the scores
      return std::pair(is_in_panels(name) ? std::size_t{2} : rank_of(name), name);
    };
    return place(a) < place(b);
  });
  for (const std::string& name : found) content.run_files.push_back(folder / name);
  std::sort(content.in_the_way.begin(), content.in_the_way.end());
  return content;
}

void check_run_folder(const fs::path& folder, bool overwrite) {
  std::error_code error;
  if (!fs::exists(folder, error)) return;
  DMF_CHECK(fs::is_directory(folder, error), IoError,
            "[run] {} is a file: expected a folder to write the run to.", folder.string());
  if (!overwrite) require_no_run(folder, look_into(folder, {}));
}

void clear_run_folder(const fs::path& folder, bool overwrite,
                      const std::map<std::string, std::string>& about_to_write) {
  const FolderContent content = look_into(folder, about_to_write);
  if (!overwrite) require_no_run(folder, content);
  DMF_CHECK(content.in_the_way.empty(), IoError,
            "[run] {} was not written by train, or was changed since: move it away, or give "
            "another --out.",
            content.in_the_way.front().string());
  for (const fs::path& file : content.run_files) {
    std::error_code error;
    fs::remove(file, error);
    DMF_CHECK(!error, IoError, "[run] cannot remove {}: {}.", file.string(), error.message());
  }
  for (const char* name : {"panels/worst", "panels/best", "panels"}) {
    std::error_code left;  // where others' files are in it
    fs::remove(folder / name, left);
  }
}

bool is_recorded(const fs::path& folder, const std::string& name,
                 const std::map<std::string, std::string>& files) {
  const auto hash = files.find(name);
  return hash != files.end() && hash_of(read_file(folder / name, kLargestText)) == hash->second;
}

void remove_recorded(const fs::path& folder, const std::map<std::string, std::string>& former,
                     const std::map<std::string, std::string>& kept) {
  for (const auto& each : former) {
    if (kept.contains(each.first) || !fs::exists(folder / each.first)) continue;
    if (is_recorded(folder, each.first, former)) fs::remove(folder / each.first);
  }
}

}  // namespace dmf
