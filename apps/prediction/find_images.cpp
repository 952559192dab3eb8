#include "apps/prediction/find_images.h"

#include <fmt/format.h>

#include <set>
#include <utility>

#include "apps/data/layouts/frames.h"
#include "apps/files/folders.h"
#include "apps/files/written_files.h"
#include "apps/image/codecs/file_format.h"
#include "engine/core/check.h"

namespace dmf {
namespace {

namespace fs = std::filesystem;

/// How many there are of something, and the first one's name.
struct Count {
  std::string one, more;  // "mask", "masks"
  std::size_t number = 0;
  std::string first = {};

  void add(const fs::path& path) {
    if (number++ == 0) first = path.string();
  }
  std::string text() const {
    return fmt::format("{} {} ({})", number, number == 1 ? one : more, first);
  }
};

/// A list of predict's files, in this folder or above it.
struct Results {
  fs::path folder;
  WrittenFiles list;
};

/// Every frame of a file. One that cannot be read is one image, which fails by itself later.
void add_frames(const fs::path& path, const fs::path& result, FoundImages& found) {
  const int frames = count_frames(path);
  for (int frame = 0; frame < frames; ++frame) {
    fs::path own = result;
    if (frames > 1) own += frame_suffix(frame + 1);
    found.images.push_back({path, own, frame});
  }
}

/// One walk through a folder.
class Walk {
 public:
  Walk(bool recursive, FoundImages& found) : recursive_(recursive), found_(found) {}

  void folder(const fs::path& folder) {
    std::error_code error;
    const fs::path whole = fs::canonical(folder, error);
    for (fs::path above = whole; above != above.parent_path();) {
      above = above.parent_path();
      if (has_list(above)) results_.push_back({above, WrittenFiles("predict", above)});
    }
    const std::size_t before = found_.images.size();
    enter(folder, whole, {});
    const std::vector<std::string> others = left_out();
    DMF_CHECK(found_.images.size() > before, IoError, "[predict] the folder {} has no images{}.",
              folder.string(),
              others.empty() ? "" : fmt::format(" to segment, but {}", fmt::join(others, "; ")));
  }

  std::vector<std::string> left_out() const {
    std::vector<std::string> lines;
    for (const Count* count :
         {&masks_, &results_count_, &hidden_, &links_, &again_, &unreadable_, &other_}) {
      if (count->number > 0) lines.push_back(count->text());
    }
    if (with_images_.number > 0) {
      lines.push_back(with_images_.text() + ": --recursive takes them");
    }
    return lines;
  }

 private:
  static bool has_list(const fs::path& folder) {
    std::error_code error;
    return fs::is_regular_file(folder / ".dmf-predict.jsonl", error);
  }

  /// An image in it or below; links are not followed for this.
  static bool has_images(const fs::path& folder) {
    std::error_code error;
    const auto options = fs::directory_options::skip_permission_denied;
    for (auto entry = fs::recursive_directory_iterator(folder, options, error);
         !error && entry != fs::end(entry); entry.increment(error)) {
      if (is_image_path(entry->path()) && entry->is_regular_file(error)) return true;
    }
    return false;
  }

  /// path   as the user sees it, whole: without links
  /// below  the root
  void enter(const fs::path& path, const fs::path& whole, const fs::path& below) {
    if (!entered_.insert(whole).second) return again_.add(path);
    if (has_list(whole)) results_.push_back({whole, WrittenFiles("predict", whole)});
    const Folder folder = list_folder(path);
    for (const UnusedFile& each : folder.unused) count_of(*each.kind).add(each.path);
    take(path, whole, below, folder.files);
    for (const fs::path& inner : folder.folders) {
      if (!recursive_) {
        if (has_images(inner)) with_images_.add(inner);
        continue;
      }
      std::error_code error;
      const fs::path inner_whole = fs::canonical(inner, error);
      if (error) {
        links_.add(inner);
      } else {
        enter(inner, inner_whole, below / inner.filename());
      }
    }
  }

  Count& count_of(LeftOut kind) {
    switch (kind) {
      case LeftOut::hidden:
        return hidden_;
      case LeftOut::dead_link:
        return links_;
      case LeftOut::link_back:
        return again_;
      case LeftOut::not_ordinary:
        return other_;
      case LeftOut::unreadable:
        return unreadable_;
    }
    return other_;
  }

  void take(const fs::path& path, const fs::path& whole, const fs::path& below,
            const std::vector<fs::path>& files) {
    std::set<std::string> stems;
    for (const fs::path& file : files) {
      if (is_image_path(file)) stems.insert(file.stem().string());
    }
    for (const fs::path& file : files) {
      const fs::path name = file.filename();
      if (is_result(whole / name)) {
        results_count_.add(path / name);
      } else if (!is_image_path(name)) {
        other_.add(path / name);
      } else if (is_mask(name.stem().string(), stems)) {
        masks_.add(path / name);
      } else {
        add_frames(path / name, below / name.stem(), found_);
      }
    }
  }

  bool is_result(const fs::path& whole) const {
    for (const Results& results : results_) {
      const fs::path name = whole.lexically_relative(results.folder);
      if (!name.empty() && *name.begin() != ".." && results.list.names(name)) return true;
    }
    return false;
  }

  /// BUSI's: NAME_mask, NAME_mask_1 where NAME is an image too.
  static bool is_mask(const std::string& stem, const std::set<std::string>& stems) {
    const std::size_t at = stem.rfind("_mask");
    if (at == std::string::npos || at == 0 || !stems.contains(stem.substr(0, at))) return false;
    const std::string rest = stem.substr(at + 5);
    return rest.empty() || (rest.size() > 1 && rest.front() == '_' &&
                            rest.find_first_not_of("0123456789", 1) == std::string::npos);
  }

  bool recursive_;
  FoundImages& found_;
  std::set<fs::path> entered_;
  std::vector<Results> results_;
  Count masks_{"mask beside its image", "masks beside their images"};
  Count results_count_{"result of an earlier predict", "results of an earlier predict"};
  Count hidden_{"hidden file", "hidden files"};
  Count links_{"link that leads nowhere", "links that lead nowhere"};
  Count again_{"folder that was seen already", "folders that were seen already"};
  Count unreadable_{"folder that cannot be read", "folders that cannot be read"};
  Count other_{"file that is no image it reads", "files that are no images it reads"};
  Count with_images_{"sub-folder with images", "sub-folders with images"};
};

}  // namespace

FoundImages find_images(const std::vector<std::string>& inputs, bool recursive) {
  FoundImages found;
  Walk walk(recursive, found);
  for (const std::string& input : inputs) {
    std::error_code error;
    if (fs::is_directory(input, error)) {
      walk.folder(input);
    } else {
      add_frames(input, fs::path(input).stem(), found);
    }
  }
  found.left_out = walk.left_out();
  return found;
}

}  // namespace dmf
