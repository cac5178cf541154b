// After recovery: what nobody needs any more goes, what cannot be explained is put away.
#include <algorithm>

#include "jetstream/recovery.h"
#include "store/block/block_format.h"
#include "store/journal/segment_files.h"
#include "store/stream_checkpoint.h"

namespace midge::jetstream {

void Recovery::warn_of(const Result<void>& result) {
  if (!result) log_.warn("JetStream: " + result.error().text());
}

void Recovery::put_away(const std::string& path, const std::string& why) {
  if (!env_.disk().exists(path)) return;
  log_.warn("JetStream: \"" + path + "\" goes to quarantine: " + why);
  warn_of(folder_->quarantine(path, why, env_.clock().wall()));
}

void Recovery::remove_folder(const std::string& folder) {
  const auto names = env_.disk().list_directory(folder);
  if (!names) return;
  for (const std::string& name : *names) warn_of(env_.disk().remove_file(folder + "/" + name));
  warn_of(env_.disk().remove_directory(folder));
}

void Recovery::clean_up() {
  for (const auto& [path, why] : damaged_) put_away(path, why);
  for (const std::uint32_t id : folder_->old_journals()) {
    const std::string path = folder_->journal_folder(id);
    if (std::ranges::find(rotten_, id) != rotten_.end())
      put_away(path, "some of it is damaged");
    else
      // A file that may hold what was written before there was a key is not used again.
      warn_of(store::let_go_of_journal(
          env_.disk(), path, folder_->free_folder(),
          folder_->keys() == nullptr ? store::Spent::kReuse : store::Spent::kRemove));
  }
  clean_up_streams();
}

void Recovery::clean_up_streams() {
  const auto folders = folder_->stream_folders();
  if (!folders) return;
  for (const store::StreamId id : *folders) {
    const std::string path = folder_->blocks_folder(id);
    const auto found = streams_.find(id.value);
    if (found != streams_.end()) {
      clean_up_files(id, *found->second.store);
    } else if (id.value < next_stream_id_ && is_whole_) {
      remove_folder(path);  // the stream was removed
    } else {
      put_away(path, "no stream has this number");
    }
  }
}

// Blocks that are not named any more were emptied, or held what the journals hold, too.
void Recovery::clean_up_files(store::StreamId id, store::StreamStore& store) {
  const std::string folder = folder_->blocks_folder(id);
  const auto names = env_.disk().list_directory(folder);
  if (!names) return;
  const std::vector<std::string> named = store::block_files(store);
  for (const std::string& name : *names) {
    const std::string path = folder + "/" + name;
    if (std::ranges::find(named, path) != named.end()) continue;
    if (!store::is_block_of(path, store))
      put_away(path, "not a block of this stream");
    else if (!is_whole_)
      put_away(path, "not needed, but something else is damaged");
    else
      warn_of(env_.disk().remove_file(path));
  }
}

}  // namespace midge::jetstream
