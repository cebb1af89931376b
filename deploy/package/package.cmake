# SPDX-License-Identifier: Apache-2.0
# The .deb, by cpack; the .rpm has a spec file (deploy/rpm). deploy/package/build makes both.
set(deb ${CMAKE_CURRENT_LIST_DIR}/deb)

# COMPONENT deb: files that only a .deb has.
install(FILES ${deb}/copyright DESTINATION ${PEA_DOC} COMPONENT deb EXCLUDE_FROM_ALL)
install(FILES ${deb}/lintian-overrides DESTINATION share/lintian/overrides RENAME postfix-elb-agent COMPONENT deb EXCLUDE_FROM_ALL)
pea_install_compressed(package/deb/changelog ${PEA_DOC} changelog.Debian COMPONENT deb EXCLUDE_FROM_ALL)

set(CPACK_INSTALL_CMAKE_PROJECTS "${PROJECT_BINARY_DIR};${PROJECT_NAME};Unspecified;/"
                                 "${PROJECT_BINARY_DIR};${PROJECT_NAME};deb;/")
set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY ON)  # deploy/package/build has built what goes in; the tests do not
set(CPACK_PACKAGE_NAME postfix-elb-agent)
set(CPACK_PACKAGE_CONTACT "The postfix-elb-agent authors <postfix-elb-agent@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "Postfix queues on shared storage, and health for load balancers")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SECTION mail)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS systemd)
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "postfix, nfs-common, dbus")
file(READ ${CMAKE_CURRENT_LIST_DIR}/description.txt CPACK_DEBIAN_PACKAGE_DESCRIPTION)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${deb}/postinst ${deb}/prerm ${deb}/postrm)
# Products of a build are not part of the source.
set(CPACK_SOURCE_GENERATOR TXZ)
set(CPACK_SOURCE_IGNORE_FILES "/\\\\.git/;/build/;__pycache__")
include(CPack)
