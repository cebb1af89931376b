// SPDX-License-Identifier: Apache-2.0
#include "agent/ipc/channel.hpp"
#include "agent/ipc/codec.hpp"
#include "agent/ipc/frame.hpp"
#include "agent/ipc/request.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <limits>
#include <optional>
#include <random>
#include <set>
#include <string>

namespace {

using agent::FileDescriptor;
using core::Errc;
using Bytes = std::vector<std::uint8_t>;

std::pair<FileDescriptor, FileDescriptor> pair_of_ends() {
    return agent::make_channel().value();
}

int open_descriptors() {
    int count = 0;
    for ([[maybe_unused]] const auto& entry :
         std::filesystem::directory_iterator("/proc/self/fd")) {
        ++count;
    }
    return count;
}

// Sends what send_message never would: any number of descriptors beside a datagram of any size.
void send_raw(int channel, std::size_t size, const std::vector<int>& descriptors) {
    const Bytes bytes(size, 'x');
    iovec part{const_cast<std::uint8_t*>(bytes.data()), bytes.size()};
    msghdr header{};
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    std::vector<std::size_t> control(CMSG_SPACE(descriptors.size() * sizeof(int)) /
                                     sizeof(std::size_t));
    if (!descriptors.empty()) {
        header.msg_control = control.data();
        header.msg_controllen = control.size() * sizeof(std::size_t);
        cmsghdr* entry = CMSG_FIRSTHDR(&header);
        entry->cmsg_level = SOL_SOCKET;
        entry->cmsg_type = SCM_RIGHTS;
        entry->cmsg_len = CMSG_LEN(descriptors.size() * sizeof(int));
        std::memcpy(CMSG_DATA(entry), descriptors.data(), descriptors.size() * sizeof(int));
    }
    ASSERT_GE(::sendmsg(channel, &header, MSG_NOSIGNAL), 0) << std::strerror(errno);
}

TEST(Channel, BothEndsAreClosedOnExec) {
    const auto [one, other] = pair_of_ends();
    EXPECT_TRUE(::fcntl(one.get(), F_GETFD) & FD_CLOEXEC);
    EXPECT_TRUE(::fcntl(other.get(), F_GETFD) & FD_CLOEXEC);
}

TEST(Channel, ADatagramArrivesWholeAndAlone) {
    const auto [one, other] = pair_of_ends();
    const Bytes first{1, 2, 3};
    const Bytes second(agent::max_message_size, 7);
    ASSERT_TRUE(agent::send_message(one.get(), first));
    ASSERT_TRUE(agent::send_message(one.get(), second));
    EXPECT_EQ(agent::receive_message(other.get()).value().bytes, first);
    const auto last = agent::receive_message(other.get());
    EXPECT_EQ(last.value().bytes, second);
    EXPECT_FALSE(last.value().descriptor);
}

TEST(Channel, ADescriptorTravelsBesideADatagramAndIsClosedOnExec) {
    const auto [one, other] = pair_of_ends();
    const FileDescriptor sent{::open("/dev/null", O_RDONLY | O_CLOEXEC)};
    ASSERT_TRUE(agent::send_message(one.get(), Bytes{1}, sent.get()));
    const auto got = agent::receive_message(other.get());
    ASSERT_TRUE(got.value().descriptor);
    struct stat before {};
    struct stat after {};
    ASSERT_EQ(::fstat(sent.get(), &before), 0);
    ASSERT_EQ(::fstat(got.value().descriptor.get(), &after), 0);
    EXPECT_EQ(before.st_rdev, after.st_rdev);
    EXPECT_TRUE(::fcntl(got.value().descriptor.get(), F_GETFD) & FD_CLOEXEC);
}

TEST(Channel, TheOtherEndBeingGoneIsAnEmptyMessageAndAnUnavailableSend) {
    auto [one, other] = pair_of_ends();
    other.reset();
    EXPECT_TRUE(agent::receive_message(one.get()).value().bytes.empty());
    EXPECT_EQ(agent::send_message(one.get(), Bytes{1}).error().code, Errc::unavailable);
}

TEST(Channel, AnEndThatGoesWithUnreadDataIsGoneAllTheSame) {
    auto [one, other] = pair_of_ends();
    ASSERT_TRUE(agent::send_message(one.get(), Bytes{1}));
    other.reset();
    EXPECT_TRUE(agent::receive_message(one.get()).value().bytes.empty());
}

TEST(Channel, ANonBlockingEndSaysLockedWhenThereIsNothingAndWhenItIsFull) {
    const auto [one, other] = pair_of_ends();
    ASSERT_EQ(::fcntl(one.get(), F_SETFL, O_NONBLOCK), 0);
    EXPECT_EQ(agent::receive_message(one.get()).error().code, Errc::locked);
    const Bytes large(agent::max_message_size, 0);
    core::Result<void> sent;
    for (int i = 0; i < 1000 && sent; ++i) {
        sent = agent::send_message(one.get(), large);
    }
    ASSERT_FALSE(sent);
    EXPECT_EQ(sent.error().code, Errc::locked);
}

TEST(Channel, AnEmptyOrTooLargeDatagramIsNotSent) {
    const auto [one, other] = pair_of_ends();
    EXPECT_EQ(agent::send_message(one.get(), Bytes{}).error().code, Errc::malformed);
    const auto refused = agent::send_message(one.get(), Bytes(agent::max_message_size + 1));
    EXPECT_EQ(refused.error().message, "send over the channel: 65537 bytes are not in 1..65536");
}

TEST(Channel, ATooLargeDatagramIsMalformedAndLeaksNoDescriptor) {
    const auto [one, other] = pair_of_ends();
    const int before = open_descriptors();
    send_raw(one.get(), agent::max_message_size + 1, {one.get()});
    EXPECT_EQ(agent::receive_message(other.get()).error().message,
              "receive from the channel: a datagram over 65536 bytes");
    EXPECT_EQ(open_descriptors(), before);
}

TEST(Channel, MoreThanOneDescriptorIsMalformedAndLeaksNone) {
    const auto [one, other] = pair_of_ends();
    const int before = open_descriptors();
    for (const std::size_t count : {2U, 3U, 20U}) {
        send_raw(one.get(), 1, std::vector<int>(count, one.get()));
        EXPECT_EQ(agent::receive_message(other.get()).error().code, Errc::malformed) << count;
        EXPECT_EQ(open_descriptors(), before) << count;
    }
}

TEST(Channel, AnEmptyDatagramWithADescriptorLeaksNone) {
    const auto [one, other] = pair_of_ends();
    const int before = open_descriptors();
    send_raw(one.get(), 0, {one.get()});
    EXPECT_TRUE(agent::receive_message(other.get()).value().bytes.empty());
    EXPECT_EQ(open_descriptors(), before);
}

int wake_channel = -1;
int interruptions = 0;
extern "C" void interrupt(int) {
    // The first interruption finds the receiver waiting; the second brings it what it waits for.
    if (++interruptions == 2) {
        const char byte = 'x';
        [[maybe_unused]] const auto sent = ::send(wake_channel, &byte, 1, MSG_NOSIGNAL);
    }
}

TEST(Channel, AnInterruptedReceiveGoesOnWaiting) {
    const auto [one, other] = pair_of_ends();
    wake_channel = one.get();
    interruptions = 0;
    struct sigaction act {};
    struct sigaction old {};
    act.sa_handler = interrupt;  // no SA_RESTART
    ASSERT_EQ(::sigaction(SIGALRM, &act, &old), 0);
    const itimerval often{{0, 20'000}, {0, 20'000}};
    const itimerval never{};
    ASSERT_EQ(::setitimer(ITIMER_REAL, &often, nullptr), 0);
    const auto got = agent::receive_message(other.get());
    ::setitimer(ITIMER_REAL, &never, nullptr);
    ::sigaction(SIGALRM, &old, nullptr);
    ASSERT_TRUE(got) << got.error().message;
    EXPECT_EQ(got.value().bytes, Bytes{'x'});
}

// ---- replies

class Random {
   public:
    explicit Random(unsigned seed) : engine_(seed) {}

    std::uint64_t number() {
        constexpr std::array<std::uint64_t, 6> edges{
            0, 1, 23, 24, 0x7fffffffffffffff, 0xffffffffffffffff};
        return below(2) != 0 ? edges[below(edges.size())] : engine_() >> below(64);
    }
    std::int64_t signed_number() { return static_cast<std::int64_t>(number()); }
    std::int32_t pid() { return static_cast<std::int32_t>(number()); }
    bool flag() { return below(2) != 0; }
    std::size_t below(std::size_t bound) { return engine_() % bound; }
    template <class Enum>
    Enum one_of(Enum last) {
        return static_cast<Enum>(below(static_cast<std::size_t>(last) + 1));
    }
    // Every byte but none excluded: a path is bytes, not UTF-8.
    std::string text() {
        std::string made(below(40), '\0');
        std::ranges::generate(made, [this] { return static_cast<char>(below(256)); });
        return made;
    }
    std::vector<std::string> texts() {
        std::vector<std::string> made(below(4));
        std::ranges::generate(made, [this] { return text(); });
        return made;
    }

    core::ProcessFacts process() {
        return {pid(), text(), text(), number(), flag(), flag(), number(), text(), text()};
    }
    core::OwnerRecord owner() { return {text(), text(), text(), text(), text()}; }
    core::NfsFacts nfs() {
        core::NfsFacts facts;
        for (auto& figures : facts.figures) {
            std::ranges::generate(figures, [this] { return number(); });
        }
        facts.errors_known = flag();
        facts.age = number();
        facts.bytes_read = number();
        facts.bytes_written = number();
        if (flag()) {
            facts.transport =
                core::NfsTransport{number(), number(), number(), number(), number(), number()};
        }
        return facts;
    }
    core::QueueCensus census() {
        core::QueueCensus made;
        for (core::QueueFigures& figures : made.queues) {
            figures = {number(), number(), number(), number(), static_cast<double>(number()) / 8,
                       {},       {}};
            std::ranges::generate(figures.ages, [this] { return number(); });
            if (flag()) {
                figures.oldest_arrival = core::WallTime(std::chrono::milliseconds(signed_number()));
            }
        }
        made.at.wall = core::WallTime(std::chrono::milliseconds(signed_number()));
        made.at.boot = std::chrono::milliseconds(signed_number());
        made.took = std::chrono::milliseconds(signed_number());
        made.operations = number();
        made.complete = flag();
        made.error = text();
        return made;
    }
    core::HostFacts host() {
        core::HostFacts facts;
        if (flag()) {
            facts.mount = core::MountEntry{text(), text(), text(), text(), text(), text(), flag()};
        }
        if (flag()) {
            facts.lease_expired = signed_number();
        }
        if (flag()) {
            facts.nfs = nfs();
        }
        facts.link = {one_of(core::LinkFacts::Kind::unreadable), text(), text()};
        facts.user_data = one_of(core::UserData::done);
        if (flag()) {
            facts.named = process();
        }
        facts.masters.resize(below(3));
        std::ranges::generate(facts.masters, [this] { return process(); });
        facts.lock_holders.resize(below(3));
        std::ranges::generate(facts.lock_holders, [this] {
            return core::LockHolder{pid(), text()};
        });
        return facts;
    }
    core::MountFacts mount() {
        core::MountFacts facts;
        facts.answer = one_of(core::MountFacts::Answer::not_mounted);
        facts.error = text();
        facts.took_us = signed_number();
        facts.queue_dir = {one_of(core::QueueDirFacts::Kind::error), text()};
        facts.pid_file = {
            one_of(core::PidFileFacts::Kind::garbage), pid(), number(), number(), text(), text()};
        facts.ownership.state = one_of(core::OwnershipFacts::State::error);
        facts.ownership.holder = owner();
        if (flag()) {
            facts.ownership.shared_with = owner();
        }
        facts.ownership.losses.resize(below(4));
        for (std::int64_t& loss : facts.ownership.losses) {
            loss = signed_number();
        }
        facts.ownership.error = text();
        return facts;
    }
    core::LockFacts lock() { return {one_of(core::LockFacts::State::error), pid(), pid(), text()}; }
    core::SystemdFacts systemd() {
        core::SystemdFacts facts{flag(), text(), {}, flag()};
        facts.units.resize(below(3));
        std::ranges::generate(facts.units, [this] {
            return core::UnitFacts{text(), text(), text(), text(), text(), flag()};
        });
        return facts;
    }
    core::RelinkProgress progress() {
        return {one_of(core::RelinkProgress::State::failed),
                text(),
                {text(), texts()},
                texts(),
                flag(),
                flag()};
    }

   private:
    std::mt19937_64 engine_;
};

template <class T>
T there_and_back(const T& value) {
    return agent::decode<T>(agent::encode(value)).value();
}

TEST(Replies, FactsComeBackAsTheyWent) {
    Random random(1);
    for (int i = 0; i < 200; ++i) {
        const auto host = random.host();
        EXPECT_TRUE(there_and_back(host) == host);
        const auto mount = random.mount();
        EXPECT_TRUE(there_and_back(mount) == mount);
        const auto progress = random.progress();
        EXPECT_TRUE(there_and_back(progress) == progress);
        const auto lock = random.lock();
        EXPECT_TRUE(there_and_back(lock) == lock);
        const auto systemd = random.systemd();
        EXPECT_TRUE(there_and_back(systemd) == systemd);
        agent::CensusProgress counting{
            random.number(), std::chrono::milliseconds(random.signed_number()), {}};
        EXPECT_FALSE(there_and_back(counting).census);
        counting.census = random.census();
        const agent::CensusProgress counted = there_and_back(counting);
        EXPECT_EQ(counted.operations, counting.operations);
        EXPECT_EQ(counted.pause, counting.pause);
        ASSERT_TRUE(counted.census);
        EXPECT_EQ(counted.census->queues, counting.census->queues);
        EXPECT_EQ(counted.census->at.wall, counting.census->at.wall);
        EXPECT_EQ(counted.census->at.boot, counting.census->at.boot);
        EXPECT_EQ(counted.census->took, counting.census->took);
        EXPECT_EQ(counted.census->operations, counting.census->operations);
        EXPECT_EQ(counted.census->complete, counting.census->complete);
        EXPECT_EQ(counted.census->error, counting.census->error);
    }
}

TEST(Replies, TheAgentsOwnRepliesComeBackAsTheyWent) {
    using State = agent::MaillogOpened::State;
    const agent::MaillogOpened opened{State::unreadable, "/var/log/mail.log", "denied",
                                      0xffffffffffffffff, 7};
    const auto opened_back = there_and_back(opened);
    EXPECT_EQ(opened_back.state, opened.state);
    EXPECT_EQ(opened_back.path, opened.path);
    EXPECT_EQ(opened_back.error, opened.error);
    EXPECT_EQ(opened_back.device, opened.device);
    EXPECT_EQ(opened_back.inode, opened.inode);

    const agent::RelinkPlanReply plan{
        {"copy a to b", "rename b to c"}, {"mail in a"}, "no", {"Do.", {"do"}}, true, true};
    const auto plan_back = there_and_back(plan);
    EXPECT_EQ(plan_back.steps, plan.steps);
    EXPECT_EQ(plan_back.notes, plan.notes);
    EXPECT_EQ(plan_back.refusal, plan.refusal);
    EXPECT_EQ(plan_back.remedy, plan.remedy);
    EXPECT_TRUE(plan_back.waiting);
    EXPECT_TRUE(plan_back.only_claim);

    const agent::IdentityFiles files{"i-0123456789abcdef0\n", "Default string", ""};
    const auto files_back = there_and_back(files);
    EXPECT_EQ(files_back.dmi_asset_tag, files.dmi_asset_tag);
    EXPECT_EQ(files_back.remembered, files.remembered);
    EXPECT_EQ(files_back.cloud_init, files.cloud_init);

    const agent::JournalRead journal{agent::JournalRead::State::lost, "gone", {"a start"},
                                     {"a line", "\xff\xfe"},          true,   "s=7f;i=1 s=8"};
    const auto journal_back = there_and_back(journal);
    EXPECT_EQ(journal_back.state, journal.state);
    EXPECT_EQ(journal_back.error, journal.error);
    EXPECT_EQ(journal_back.starts, journal.starts);
    EXPECT_EQ(journal_back.lines, journal.lines);
    EXPECT_TRUE(journal_back.more);
    EXPECT_EQ(journal_back.position, journal.position);
    EXPECT_TRUE(agent::decode<agent::Nothing>(agent::encode(agent::Nothing())));
}

TEST(Replies, ATextThatIsNotUtf8Survives) {
    core::HostFacts facts;
    facts.link.target = std::string("/Mail/\xff\xc3(\0 end", 13);
    EXPECT_EQ(there_and_back(facts).link.target, facts.link.target);
}

TEST(Replies, AReplyOfOneKindIsNotOneOfAnother) {
    EXPECT_EQ(agent::decode<core::HostFacts>(agent::encode(core::MountFacts{})).error().code,
              Errc::malformed);
    EXPECT_EQ(
        agent::decode<core::RelinkProgress>(agent::encode(agent::RelinkPlanReply{})).error().code,
        Errc::malformed);
}

TEST(Replies, EveryTruncationIsMalformed) {
    const Bytes whole = agent::encode(Random(2).mount());
    for (std::size_t size = 0; size < whole.size(); ++size) {
        const auto cut = agent::decode<core::MountFacts>(std::span(whole).first(size));
        ASSERT_FALSE(cut) << size;
        EXPECT_EQ(cut.error().code, Errc::malformed);
    }
    Bytes longer = whole;
    longer.push_back(0);
    EXPECT_FALSE(agent::decode<core::MountFacts>(longer));
}

TEST(Replies, AChangedByteNeverThrows) {
    const Bytes whole = agent::encode(Random(3).host());
    std::mt19937 engine(4);
    for (int i = 0; i < 5000; ++i) {
        Bytes changed = whole;
        changed[engine() % changed.size()] = static_cast<std::uint8_t>(engine());
        EXPECT_NO_THROW((void)agent::decode<core::HostFacts>(changed));
    }
}

// Every kind of value that a reply may hold.
struct Sample {
    enum class Colour { red, green, blue };
    Colour colour = Colour::red;
    bool flag = false;
    std::int8_t small = 0;
    double real = 0;
    std::chrono::milliseconds span{0};
    core::WallTime at{};
    std::string text;
    std::optional<std::uint16_t> maybe;
    std::array<std::uint16_t, 2> pair{};
    std::vector<std::string> list;
    bool operator==(const Sample&) const = default;
};

constexpr std::size_t signature_size = 4;

Bytes with_byte(Bytes bytes, std::size_t at, std::uint8_t value) {
    bytes.at(signature_size + at) = value;
    return bytes;
}

TEST(Codec, EachKindOfValueComesBackAsItWent) {
    Sample sample{
        Sample::Colour::blue, true,     -7, 1.5, std::chrono::milliseconds(-3), {}, "a\0b", 9,
        {1, 0xffff},          {"", "x"}};
    sample.at = core::WallTime(std::chrono::milliseconds(1234567890123));
    EXPECT_EQ(there_and_back(sample), sample);
    EXPECT_EQ(there_and_back(Sample{}), Sample{});
    sample.real = std::numeric_limits<double>::infinity();
    EXPECT_EQ(there_and_back(sample), sample);
}

TEST(Codec, TheNamesOfAnEnumerationBoundItsValues) {
    EXPECT_EQ(agent::codec::count_of<Sample::Colour>(), 3);
    EXPECT_EQ(agent::codec::count_of<core::UserData>(), 3);
    EXPECT_EQ(agent::codec::count_of<core::OwnershipFacts::State>(), 6);
    const Bytes bytes = agent::encode(Sample{});
    EXPECT_EQ(agent::decode<Sample>(with_byte(bytes, 0, 2)).value().colour, Sample::Colour::blue);
    EXPECT_FALSE(agent::decode<Sample>(with_byte(bytes, 0, 3)));
    EXPECT_FALSE(agent::decode<Sample>(with_byte(bytes, 0, 0xff)));
}

TEST(Codec, ABoolIsZeroOrOne) {
    const Bytes bytes = agent::encode(Sample{});
    EXPECT_TRUE(agent::decode<Sample>(with_byte(bytes, 1, 1)).value().flag);
    EXPECT_FALSE(agent::decode<Sample>(with_byte(bytes, 1, 2)));
    constexpr std::size_t present = 1 + 1 + 1 + 8 + 8 + 8 + 4;  // of Sample::maybe
    EXPECT_FALSE(agent::decode<Sample>(with_byte(bytes, present, 2)));
}

TEST(Codec, ALengthBeyondTheBytesAllocatesNothing) {
    struct Lists {
        std::vector<Sample> samples;
        std::string text;
    };
    const Bytes bytes = agent::encode(Lists{});
    for (const std::size_t length : {0U, 4U}) {
        Bytes absurd = bytes;
        std::fill_n(absurd.begin() + static_cast<std::ptrdiff_t>(signature_size + length), 4, 0xff);
        EXPECT_NO_THROW(EXPECT_FALSE(agent::decode<Lists>(absurd))) << length;
    }
}

TEST(Codec, RandomBytesAreMalformed) {
    std::mt19937 engine(5);
    for (int i = 0; i < 2000; ++i) {
        Bytes bytes = agent::encode(core::HostFacts());
        bytes.resize(signature_size);
        for (std::size_t size = engine() % 2000; size > 0; --size) {
            bytes.push_back(static_cast<std::uint8_t>(engine()));
        }
        EXPECT_NO_THROW((void)agent::decode<core::HostFacts>(bytes));
        EXPECT_FALSE(agent::decode<core::MountFacts>(bytes));
    }
    EXPECT_EQ(agent::decode<core::HostFacts>({}).error().message,
              "read a worker's reply: its 0 bytes do not encode the expected type; restart the "
              "agent");
}

// ---- requests

agent::Request request_for(agent::Operation operation, std::string_view id) {
    agent::Request request = agent::make_request(operation, id);
    request.sequence = 9;
    request.pid = 42;
    return request;
}

TEST(Requests, ARequestComesBackAsItWent) {
    const auto sent = request_for(agent::Operation::probe_mount, "i-0123456789abcdef0");
    const auto got = agent::decode_request(agent::encode_request(sent));
    ASSERT_TRUE(got) << got.error().message;
    EXPECT_EQ(got.value().sequence, 9U);
    EXPECT_EQ(got.value().operation, agent::Operation::probe_mount);
    EXPECT_EQ(got.value().pid, 42);
    EXPECT_EQ(got.value().instance_id(), "i-0123456789abcdef0");
}

TEST(Requests, AnOperationThatChangesOrCountsAQueueNeedsAnId) {
    using agent::Operation;
    const std::set<Operation> need_id{Operation::plan_relink,      Operation::continue_relink,
                                      Operation::ask_lock,         Operation::begin_census,
                                      Operation::write_last_words, Operation::continue_census};
    for (const agent::OperationInfo& row : agent::Operations::rows) {
        const auto request = request_for(row.operation, "");
        EXPECT_NE(agent::decode_request(agent::encode_request(request)).has_value(),
                  need_id.contains(row.operation))
            << static_cast<std::uint32_t>(row.operation);
    }
}

TEST(Requests, TheTypeOfARequestNamesItsReply) {
    using agent::Operation;
    const auto request = agent::make_request<Operation::probe_mount>("i-0123456789abcdef0");
    static_assert(std::is_same_v<decltype(request)::Reply, core::MountFacts>);
    static_assert(std::is_same_v<agent::ReplyTo<Operation::begin_census>,
                                 agent::ReplyTo<Operation::continue_census>>);
    EXPECT_EQ(request.operation, Operation::probe_mount);
    EXPECT_EQ(request.instance_id(), "i-0123456789abcdef0");
    EXPECT_EQ(agent::find_operation(Operation::probe_mount)->worker, agent::WorkerKind::mount);
    EXPECT_EQ(agent::find_operation(static_cast<Operation>(0xffff)), nullptr);
}

TEST(Requests, ATextThatIsTooLongIsCut) {
    auto request = request_for(agent::Operation::read_journal, "");
    request.set_text(std::string(agent::max_text_length + 1, 'x'));
    EXPECT_EQ(request.text_view().size(), agent::max_text_length);
}

TEST(Requests, ATextIsBoundedAndOnOneLine) {
    auto request = request_for(agent::Operation::write_last_words, "i-0123456789abcdef0");
    const std::string_view text = "{\"status\":\"fail\"}";
    request.set_text(text);
    const auto got = agent::decode_request(agent::encode_request(request));
    ASSERT_TRUE(got) << got.error().message;
    EXPECT_EQ(got.value().text_view(), text);

    request.text[3] = '\n';
    EXPECT_FALSE(agent::decode_request(agent::encode_request(request)));
    request.text_length = agent::max_text_length + 1;
    EXPECT_EQ(agent::decode_request(agent::encode_request(request)).error().message,
              "read a request to a worker: a text of 4097 bytes, over 4096");
}

TEST(Frames, EventsComeWithoutAReply) {
    const auto frame = agent::parse_frame(
        agent::frame_events(agent::worker_event::mounts | agent::worker_event::link));
    ASSERT_TRUE(frame) << frame.error().message;
    EXPECT_EQ(frame->events, 3U);
    EXPECT_EQ(frame->sequence, 0U);
    auto cut = agent::frame_events(agent::worker_event::master);
    cut.pop_back();
    EXPECT_FALSE(agent::parse_frame(cut));
}

TEST(Requests, AnIdThatIsAPathIsMalformed) {
    for (const char* id : {"../../etc", "a/b", ".", "..", "/", ".postfix-elb-agent"}) {
        for (const auto operation :
             {agent::Operation::probe_mount, agent::Operation::observe_host}) {
            const auto got =
                agent::decode_request(agent::encode_request(request_for(operation, id)));
            ASSERT_FALSE(got) << id;
            EXPECT_EQ(got.error().code, Errc::malformed);
        }
    }
}

TEST(Requests, AnotherSizeOperationPidOrIdLengthIsMalformed) {
    const auto good = request_for(agent::Operation::probe_mount, "i-0123456789abcdef0");
    const auto bytes = agent::encode_request(good);
    EXPECT_FALSE(agent::decode_request(bytes.first(bytes.size() - 1)));
    EXPECT_FALSE(agent::decode_request({}));

    auto request = good;
    request.operation = static_cast<agent::Operation>(0xffff);
    EXPECT_EQ(agent::decode_request(agent::encode_request(request)).error().message,
              "read a request to a worker: operation 65535 does not exist");
    request = good;
    request.pid = -1;
    EXPECT_FALSE(agent::decode_request(agent::encode_request(request)));
    request = good;
    request.id_length = 0xffffffff;
    EXPECT_EQ(agent::decode_request(agent::encode_request(request)).error().message,
              "read a request to a worker: an instance id of 4294967295 bytes, over 255");
}

}  // namespace
