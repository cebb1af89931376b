// SPDX-License-Identifier: Apache-2.0
// The findings of `doctor` on the mount, the queue and an image.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/core/doctor/doctor_world.hpp"

namespace {

using core::Errc;
using core::Error;
using Kind = core::PathFacts::Kind;
using Link = core::LinkFacts::Kind;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

class DoctorMount : public tests::DoctorWorld {
   protected:
    void fstab(const std::string& text) { facts.fstab = text; }
    void not_mounted() {
        facts.mountinfo = std::string();
        facts.mount_point = directory("/Mail");
        unit("Mail.mount").load_state = "not-found";
        unit("Mail.mount").unit_file_state = "";
    }
};

TEST_F(DoctorMount, WithoutALineARebootLosesTheMount) {
    fstab("#srv:/ /Mail nfs4 rw 0 0\n");
    unit("Mail.mount").unit_file_state = "";
    EXPECT_EQ(said("mount_fstab"),
              "warn: no line for /Mail (line 1 is commented out): it was mounted by hand, and is "
              "gone after a reboot");
    not_mounted();
    EXPECT_EQ(said("mount_fstab"),
              "fail: no line for /Mail (line 1 is commented out), and no other mount unit");
    EXPECT_THAT(remedy("mount_fstab"), StartsWith("Activate the line that is commented out."));
    fstab("");
    EXPECT_THAT(remedy("mount_fstab"), HasSubstr(":/ /Mail nfs4 _netdev,nofail,"));
    unit("Mail.mount").load_state = "loaded";
    unit("Mail.mount").unit_file_state = "enabled";
    EXPECT_EQ(said("mount_fstab"), "pass: Mail.mount is a unit of its own");
}

TEST_F(DoctorMount, OneLineOfTheRightTypeMountsAtBoot) {
    fstab("a:/ /Mail nfs4 rw\nb:/ /Mail nfs4 rw\n");
    EXPECT_EQ(said("mount_fstab"), "warn: line 1 and line 2 both mount /Mail");
    fstab("a:/ /Mail ext4 rw\n");
    EXPECT_EQ(said("mount_fstab"),
              "fail: line 1 mounts type ext4, which mount.fstypes does not list");
    fstab("a:/ /Mail nfs4 noauto\n");
    EXPECT_EQ(said("mount_fstab"), "warn: line 1 has noauto: nothing mounts it at boot");
    fstab("fs-1:/ /Mail efs _netdev,nofail,tls\n");
    EXPECT_EQ(said("mount_fstab"), "pass: line 1: fs-1:/, efs");
    facts.fstab = Error{Errc::denied, "open /etc/fstab: Permission denied"};
    EXPECT_EQ(said("mount_fstab"), "unknown: open /etc/fstab: Permission denied");
}

TEST_F(DoctorMount, HarmfulOptionsAreNamed) {
    fstab("a:/ /Mail nfs4 rw\n");
    EXPECT_EQ(said("mount_options"),
              "warn: line 1 lacks nfsvers=4.1, noresvport (without it a lost connection is not "
              "established again) and nofail "
              "(without it the boot waits for the file server)");
    EXPECT_THAT(remedy("mount_options"), HasSubstr("noresvport"));
    fstab(std::string("a:/ /Mail nfs4 soft,") + tests::good_options);
    EXPECT_THAT(said("mount_options"), StartsWith("fail: line 1 has soft"));
    fstab("fs-1:/ /Mail efs nofail,tls\n");
    EXPECT_THAT(said("mount_options"), StartsWith("fail: line 1 lacks _netdev"));
    fstab("fs-1:/ /Mail efs _netdev,nofail,tls\n");
    EXPECT_THAT(said("mount_options"), StartsWith("pass"));
}

TEST_F(DoctorMount, AnAutomountIsWarnedOf) {
    fstab(std::string("a:/ /Mail nfs4 x-systemd.automount,") + tests::good_options);
    EXPECT_THAT(said("mount_automount"), StartsWith("warn: x-systemd.automount"));
}

TEST_F(DoctorMount, TheMountedFileSystemMustHaveAnAllowedType) {
    not_mounted();
    EXPECT_EQ(said("mount_now"), "fail: nothing is mounted at /Mail");
    facts.mountinfo = std::string("1 2 0:40 / /Mail rw - autofs systemd-1 rw\n");
    EXPECT_EQ(said("mount_now"), "fail: nothing is mounted at /Mail");
    facts.mountinfo = std::string("1 2 0:40 / /Mail rw - tmpfs none rw\n");
    EXPECT_EQ(
        said("mount_now"),
        "fail: a file system of type tmpfs is mounted at /Mail, which mount.fstypes does not list");
}

TEST_F(DoctorMount, TheMountPointIsAnEmptyDirectoryOfRoot) {
    not_mounted();
    EXPECT_THAT(said("mount_point"), StartsWith("pass"));
    facts.below_mount_point = {"i-0123456789abcdef0"};
    EXPECT_EQ(said("mount_point"),
              "warn: the local disk has files where the mount will be: i-0123456789abcdef0");
    facts.mount_point.mode = 0777;
    EXPECT_EQ(said("mount_point"), "warn: /Mail is writable by users other than root");
    facts.mount_point.kind = Kind::absent;
    EXPECT_THAT(commands("mount_point"), ElementsAre("sudo install -d -m 0755 /Mail"));
}

TEST_F(DoctorMount, AnNfsClientMustHaveANameOfItsOwn) {
    facts.nfs_identifier = std::string("(null)\n");
    EXPECT_EQ(said("nfs_identity"), "warn: this NFS client has no name but the host's, mx1");
    facts.nfs4_unique_id = std::string("something\n");
    EXPECT_EQ(said("nfs_identity"), "pass: the name of this NFS client is something");
    facts.nfs_identifier = std::string(tests::other) + "\n";
    EXPECT_EQ(said("nfs_identity"), std::string("fail: the name of this NFS client is ") +
                                        tests::other + ", and this instance is " + tests::mine);
    unit("postfix-elb-agent-nfs-identity.service").unit_file_state = "disabled";
    EXPECT_THAT(said("nfs_identity"),
                StartsWith("warn: postfix-elb-agent-nfs-identity.service is not enabled"));
    unit("postfix-elb-agent-nfs-identity.service").load_state = "not-found";
    EXPECT_THAT(said("nfs_identity"), HasSubstr("is not installed"));
}

TEST_F(DoctorMount, AMountOtherThanNfsNeedsNoName) {
    settings.mount.fstypes = {"ext4"};
    facts.mountinfo = std::string("1 2 0:40 / /Mail rw - ext4 /dev/loop0 rw\n");
    facts.nfs_identifier = facts.nfs4_unique_id = Error{Errc::missing, "none"};
    EXPECT_EQ(said("nfs_identity"), "pass: not needed: the mount is not NFS");
}

TEST_F(DoctorMount, AHostCalledLocalhostIsWarnedOf) {
    facts.host_name = "localhost.localdomain";
    EXPECT_THAT(said("host_name"), StartsWith("warn: the host name is localhost.localdomain"));
}

TEST_F(DoctorMount, EnforcingSELinuxNeedsALabelOrTheModule) {
    facts.selinux_enforcing = false;
    EXPECT_EQ(said("selinux"), "pass: permissive");
    facts.selinux_enforcing = true;
    EXPECT_THAT(said("selinux"), StartsWith("warn: enforcing, and the mount has the label nfs_t"));
    EXPECT_THAT(remedy("selinux"), HasSubstr("\nsudo semodule -i "));
    facts.selinux_module = true;
    EXPECT_THAT(said("selinux"), StartsWith("pass: enforcing; the policy module"));
    facts.selinux_module = false;
    facts.mountinfo = std::string(
        "1 2 0:40 / /Mail rw - nfs4 srv:/ "
        "rw,context=\"system_u:object_r:postfix_spool_t:s0\",vers=4.1\n");
    EXPECT_THAT(said("selinux"), StartsWith("pass: enforcing"));
}

class DoctorQueue : public tests::DoctorWorld {};

TEST_F(DoctorQueue, TheLinkMustLeadToThisInstancesQueue) {
    facts.link.target = std::string("/Mail/") + tests::other;
    EXPECT_EQ(said("queue_link"), std::string("fail: /var/spool/postfix leads to /Mail/") +
                                      tests::other + ", and this is " + tests::mine);
    facts.instance_id = "";
    EXPECT_THAT(said("queue_link"), StartsWith("unknown"));
    facts.link.kind = Link::absent;
    EXPECT_EQ(said("queue_link"), "fail: /var/spool/postfix does not exist");
    facts.link.kind = Link::directory;
    EXPECT_EQ(said("queue_link"), "fail: /var/spool/postfix is a directory of the local disk");
    facts.link.kind = Link::other;
    EXPECT_THAT(said("queue_link"), StartsWith("fail"));
}

TEST_F(DoctorQueue, ASkeletonMustBeCompleteAndPristine) {
    facts.skeleton->leftovers = {"pid/master.pid", "private/smtp"};
    EXPECT_EQ(said("queue_skeleton"),
              "warn: /var/spool/postfix_org has files of a running Postfix, which are not copied: "
              "pid/master.pid and private/smtp");
    facts.skeleton->mail = 1;
    EXPECT_THAT(said("queue_skeleton"),
                StartsWith("warn: /var/spool/postfix_org has queued mail: 1 message,"));
    facts.skeleton->missing = {"active"};
    EXPECT_EQ(said("queue_skeleton"),
              "fail: /var/spool/postfix_org is not a complete queue: it lacks active");
    facts.skeleton = Error{Errc::missing, "there is no skeleton at /var/spool/postfix_org"};
    EXPECT_THAT(said("queue_skeleton"), StartsWith("warn: there is no skeleton"));
    facts.skeleton = Error{Errc::denied, "open directory: Permission denied"};
    EXPECT_THAT(said("queue_skeleton"), StartsWith("unknown"));
}

class DoctorImage : public tests::DoctorWorld {
   protected:
    DoctorImage() { becomes_an_image(); }
};

TEST_F(DoctorImage, MailInTheSkeletonOrNoSkeletonIsAFault) {
    facts.skeleton->mail = 2;
    EXPECT_EQ(said("queue_skeleton"),
              "fail: /var/spool/postfix_org has queued mail: 2 messages, which no instance would "
              "deliver");
    facts.skeleton = Error{Errc::missing, "there is no skeleton at /var/spool/postfix_org"};
    EXPECT_THAT(said("queue_skeleton"), StartsWith("fail: there is no skeleton"));
}

TEST_F(DoctorImage, ALinkOffTheMountIsWorseThanOneToTheBuildersQueue) {
    facts.link = {Link::symlink, std::string("/Mail/") + tests::other, ""};
    EXPECT_THAT(said("image_link"),
                StartsWith(std::string("warn: /var/spool/postfix leads to /Mail/") + tests::other));
    EXPECT_THAT(commands("image_link"), ElementsAre("sudo rm /var/spool/postfix"));
    facts.link.target = "/srv/queue";
    EXPECT_THAT(said("image_link"), StartsWith("fail"));
}

TEST_F(DoctorImage, ADirectoryAtTheLinkBecomesTheSkeletonOnlyIfThereIsNone) {
    facts.link.kind = Link::directory;
    EXPECT_THAT(said("image_link"),
                StartsWith("warn: /var/spool/postfix is a directory, and there is a skeleton"));
    facts.skeleton_place.kind = Kind::absent;
    EXPECT_EQ(said("image_link"),
              "pass: /var/spool/postfix is a directory: it becomes the skeleton");
}

TEST_F(DoctorImage, ARunningPostfixOrAMountIsWarnedOf) {
    core::ProcessFacts master;
    master.pid = 771;
    facts.masters = std::vector{master};
    EXPECT_EQ(said("image_postfix_stopped"),
              "warn: Postfix runs (pid 771) while the image is made");
    facts.mountinfo = std::string("1 2 0:40 / /Mail rw - nfs4 srv:/ rw\n");
    EXPECT_EQ(said("mount_now"), "warn: /Mail is mounted while the image is made (srv:/)");
    facts.fstab = std::string();
    facts.mountinfo = std::string();
    unit("Mail.mount").unit_file_state = "";
    EXPECT_EQ(said("mount_fstab"), "warn: no line for /Mail: does user data mount it?");
}

TEST_F(DoctorImage, SharedIdentitiesAreNamed) {
    facts.machine_id = std::string("0123\n");
    EXPECT_EQ(said("image_machine_id"),
              "warn: every instance of this image would have the machine id 0123");
    EXPECT_THAT(commands("image_machine_id"), ElementsAre("sudo truncate -s 0 /etc/machine-id"));
    settings.instance_id = tests::mine;
    EXPECT_THAT(said("image_instance_id"),
                StartsWith("fail: the setting instance_id is i-0123456789abcdef0"));
    facts.modprobe_unique_id = tests::mine;
    EXPECT_THAT(said("nfs_identity"),
                StartsWith("fail: a file in modprobe.d gives every instance"));
    facts.host_name_file = std::string("mail.example.com\n");
    EXPECT_THAT(said("image_host_name"), StartsWith("pass")) << "cloud-init gives each its own";
    facts.cloud_init = false;
    EXPECT_EQ(said("image_host_name"),
              "warn: every instance of this image would have the host name mail.example.com");
}

TEST_F(DoctorImage, DataOfTheBuildersCloudInitIsWarnedOf) {
    facts.cloud_init_ran = true;
    EXPECT_EQ(said("image_cloud_init"), "warn: /var/lib/cloud still has data of this machine");
    EXPECT_THAT(commands("image_cloud_init"), ElementsAre("sudo cloud-init clean --logs"));
}

}  // namespace
