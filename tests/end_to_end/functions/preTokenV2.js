exports.handler = async (event) => {
  event.response = {
    claimsAndScopeOverrideDetails: {
      idTokenGeneration: { claimsToAddOrOverride: { family_name: "Doe" }, claimsToSuppress: ["email"] },
      accessTokenGeneration: {
        claimsToAddOrOverride: { tenant: { id: 7, admins: ["jane"] } },
        scopesToAdd: ["orders/read"],
        scopesToSuppress: ["aws.cognito.signin.user.admin"],
      },
      groupOverrideDetails: { groupsToOverride: ["readers"] },
    },
  };
  return event;
};
