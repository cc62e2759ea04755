exports.handler = function (event, context) {
  event.response = {
    claimsOverrideDetails: {
      claimsToAddOrOverride: { plan: "gold", groups: JSON.stringify(["a"]) },
      claimsToSuppress: ["email"],
    },
  };
  context.done(null, event);
};
